"""Nevada's file: one line of address, renewal years in the licence number, now and then two contacts in a field."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lead_enrichment.demo import words
from lead_enrichment.demo.dice import Numbers
from lead_enrichment.demo.text import SHORT_DAYS, Text, choose, constant, day, is_empty, join, spaced, swap, upper, word
from lead_enrichment.demo.text import number as written
from lead_enrichment.demo.world import Sites, State, World, month_start

# Nevada's facilities of one slot are numbered this closely.
GENERATIONS = 16
# Share of the apostrophes that a wrong code page has made an accented i of.
BROKEN_APOSTROPHES = 0.2


def natural_id(state: State) -> Text:
    """Return the number before the hyphen of the credential number."""
    return written(788 + state.slot * GENERATIONS + state.generation % GENERATIONS)


def delivered(world: World, sites: Sites, month: int) -> dict[str, Text]:
    """Return the file's columns; the month does not alter their form."""
    dice, state = world.dice, sites.state
    facility, rows = state.facility, len(state.slot)
    person = join(sites.given, " ", sites.family)
    name = choose(is_empty(sites.name), person, join(sites.listed_name, sites.legal))
    name = swap(upper(name), "'", "í", dice.unit("apostrophe", facility) < BROKEN_APOSTROPHES)
    permit = dice.unit("permit", facility)
    kind = np.where(sites.is_home, np.where(sites.capacity > 8, 1, 2), 0)
    kind = np.where(sites.is_gym, 3, np.where((permit < 0.02) & ~sites.is_home, 4, kind))
    credential = word(["CENTER", "GROUP CARE", "FAMILY CARE", "ACCOMMODATION", "PERMITS"], kind)
    is_provisional = (dice.unit("provisional", facility) < 0.15) & (kind < 3)
    credential = choose(is_provisional, join(credential, " (PROVISIONAL)"), credential)
    program = word(words.PROGRAMS, dice.below(len(words.PROGRAMS), "program", facility))
    name = choose(kind == 4, upper(join("City of ", sites.city, " ", program)), name)
    return {
        "Name": name,
        "Credential Type": credential,
        "Credential Number": join(natural_id(state), "-", _year(state.renewed)),
        "Status": constant("Active", rows),
        # A credential lasts to the end of the month a year after its renewal.
        "Expiration Date": day(month_start(state.renewed + 13) - 1, SHORT_DAYS),
        "Disciplinary Action": choose(dice.unit("discipline", facility) < 0.03, "Y", constant("N", rows)),
        "Address": _one_line(world, sites),
        "State": constant("NV", rows),
        "County": upper(sites.county),
        "Phone": join(_part(sites.phone, 0, 3), "-", _part(sites.phone, 3, 6), "-", _part(sites.phone, 6, 10)),
        "First Issue Date": day(sites.issued, SHORT_DAYS),
        "Primary Contact Name": _contacts(world, sites, person),
        "Primary Contact Role": word(["Owner", "Director", "Person in Charge", "Other"], _role(world, sites)),
    }


def _one_line(world: World, sites: Sites) -> Text:
    """Return street, unit, city, state and ZIP in one line, with no comma between street and city."""
    dice, keys = world.dice, (sites.state.facility, sites.state.address)
    has_dot = (dice.unit("dot", *keys) < 0.5) & ~is_empty(sites.direction)
    direction = choose(has_dot, join(sites.direction, "."), sites.direction)
    suffix = choose(dice.unit("spelled", *keys) < 0.25, sites.spelled_suffix, sites.suffix)
    street = spaced(sites.house, direction, sites.street, suffix)
    label = word([", STE ", "., STE ", ", SUITE ", " #", ", UNIT "], dice.below(5, "unit label", *keys))
    street = choose(is_empty(sites.unit), street, join(street, label, sites.unit))
    return join(upper(street), " ", upper(sites.city), ", NV ", sites.zip_code)


def _contacts(world: World, sites: Sites, person: Text) -> Text:
    """Return one contact, or two as the first names and then the last names of both."""
    ampersand = world.dice.unit("ampersand", sites.state.facility) < 0.5
    link = choose(ampersand, " & ", constant(" AND ", len(ampersand)))
    both = join(sites.given, link, sites.second_given, " ", sites.family, link, sites.second_family)
    return upper(choose(is_empty(sites.second_given), person, both))


def _role(world: World, sites: Sites) -> Numbers:
    draw = world.dice.unit("role", sites.state.facility)
    role = np.where(sites.is_home, 0, np.where(draw < 0.6, 1, 0))
    return np.where(sites.is_gym, 2, np.where(draw > 0.9, 3, role))


def _year(months: Numbers) -> Text:
    return written(months // 12 % 100, 2)


def _part(text: Text, start: int, stop: int) -> Text:
    return pa.compute.utf8_slice_codeunits(text, start, stop)
