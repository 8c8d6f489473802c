"""Real places for invented facilities: ZIP codes with their city, county and area codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import us
import zipcodes

from lead_enrichment.demo.dice import Dice, Numbers
from lead_enrichment.demo.text import Text

_TEXAS_CODES = "210 214 254 281 325 346 361 409 430 432 469 512 682 713 737 806 817 830 832 903 915 936 940 956 972 979"
# Area codes in use in each state; the package lists those of neighbours too.
AREA_CODES = {
    "NV": {"702", "725", "775"},
    "OK": {"405", "539", "572", "580", "918"},
    "TX": set(_TEXAS_CODES.split()),
}
# A city with many ZIP codes draws more facilities to each of them, up to this many times the lone ZIP's share.
LARGEST_WEIGHT = 6


@dataclass(frozen=True)
class Places:
    """The ZIP codes of a region, ordered by state and city; a row a ZIP code."""

    zip_code: Text
    city: Text
    county: Text
    state: Text
    state_name: Text
    area_codes: tuple[tuple[str, ...], ...]
    weight: Numbers
    city_start: Numbers
    city_size: Numbers

    def draw(self, dice: Dice, purpose: str, *keys: Numbers | int) -> Numbers:
        """Return the row of a place for each of the keys, more of them in larger cities."""
        total = np.cumsum(self.weight)
        rows: Numbers = np.searchsorted(total, dice.unit(purpose, *keys) * total[-1], side="right")
        return rows

    def nearby(self, rows: Numbers, dice: Dice, purpose: str, *keys: Numbers | int) -> Numbers:
        """Return a row in the same city for each row."""
        return self.city_start[rows] + dice.below(self.city_size[rows], purpose, *keys)

    def area_code(self, rows: Numbers, share: Numbers) -> Text:
        """Return an area code of each place; `share`, from 0 to 1, says which, most often the first."""
        first = pa.array([codes[0] for codes in self.area_codes]).take(pa.array(rows))
        last = pa.array([codes[-1] for codes in self.area_codes]).take(pa.array(rows))
        return pa.compute.if_else(pa.array(share < 0.75), first, last)


@cache
def places(region: str) -> Places:
    """Return the places of a state, or of all others where the region is `elsewhere`."""
    own = set(AREA_CODES)
    abbreviations = [region] if region in own else [state.abbr for state in us.STATES if state.abbr not in own]
    rows = []
    for abbreviation in abbreviations:
        for place in zipcodes.filter_by(state=abbreviation, zip_code_type="STANDARD", active=True):
            codes = [code for code in place["area_codes"] if code in AREA_CODES.get(abbreviation, {code})]
            if codes and place["county"]:
                rows.append((abbreviation, place["city"], place["zip_code"], place["county"], tuple(codes[:2])))
    rows.sort()
    cities = np.array([f"{row[0]} {row[1]}" for row in rows])
    _, start, position, size = np.unique(cities, return_index=True, return_inverse=True, return_counts=True)
    names = {state.abbr: state.name for state in us.STATES}
    return Places(
        zip_code=pa.array([row[2] for row in rows]),
        city=pa.array([row[1] for row in rows]),
        county=pa.array([row[3].removesuffix(" County").removesuffix(" Parish") for row in rows]),
        state=pa.array([row[0] for row in rows]),
        state_name=pa.array([names[row[0]] for row in rows]),
        area_codes=tuple(row[4] for row in rows),
        weight=np.minimum(size[position], LARGEST_WEIGHT).astype(float),
        city_start=start[position],
        city_size=size[position],
    )
