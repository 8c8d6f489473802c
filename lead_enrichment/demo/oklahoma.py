"""Oklahoma's file: labelled values, persons and trade names in one field, a caregiver over lines, shifted columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from lead_enrichment.demo.text import Text, choose, constant, day, is_empty, join, number, spaced, upper, word
from lead_enrichment.demo.world import Sites, State, World

GENERATIONS = 16
AGES = [
    "Infants (0-11 months)",
    "Toddlers (12-23 months; 1yr.)",
    "Preschool (24-48 months; 2-4 yrs.)",
    "School-age (5 years-older)",
]
WORKDAYS, WEEKEND = ("Mon", "Tues", "Wed", "Thurs", "Friday"), ("Saturday", "Sunday")
OPENS = ["5:30AM", "6:00AM", "6:30AM", "7:00AM", "7:30AM", "8:00AM"]
CLOSES = ["3:30PM", "5:00PM", "5:30PM", "6:00PM", "6:30PM", "11:30PM"]


def natural_id(state: State) -> Text:
    """Return the K-number of the licence."""
    return join("K8", number(20_015_000 + state.slot * GENERATIONS + state.generation % GENERATIONS, 8))


def delivered(world: World, sites: Sites, month: int) -> dict[str, Text]:
    """Return the file's columns; the month does not alter their form."""
    dice, state = world.dice, sites.state
    facility, rows = state.facility, len(state.slot)
    blank = constant("", rows)
    subsidy = choose(sites.takes_subsidy, "Accepts Subsidy", blank)
    year_round = choose(dice.unit("year round", facility) < 0.85, "Year Round", blank)
    daytime = choose(dice.unit("daytime", facility) < 0.97, "Daytime Hours", blank)
    evening = choose(dice.unit("evening", facility) < 0.08, "Evening Hours", blank)
    ages = [choose((sites.ages >> bit) % 2 == 1, label, blank) for bit, label in enumerate(AGES)]
    accepted = _moved_left(ages)
    contract = number(16_000 + dice.below(44_000, "subsidy contract", facility))
    unit_apart = dice.unit("second line", facility, state.address) < 0.5
    person = join(sites.family, ", ", sites.given)
    trade = join(sites.listed_name, sites.legal)
    both = choose(is_empty(sites.name), person, join(person, " DBA ", trade))
    role = choose(sites.is_home, "Primary Caregiver", constant("Director", rows))
    license_type = choose(sites.is_home, "CHILD CARE FAMILY", constant("CHILD CARE CENTER", rows))
    phone = pa.compute.utf8_slice_codeunits
    return {
        "Type License": join(license_type, " - ", natural_id(state)),
        "Company": upper(choose(sites.is_home, both, trade)),
        "Accepts Subsidy": subsidy,
        "Year Round": year_round,
        "Daytime Hours": daytime,
        "Star Level": join(number(1 + dice.below(5, "stars", facility)), " Star Level Program"),
        **_hours(world, sites),
        "Primary Caregiver": join(sites.given, " ", sites.family, "\n \n ", role),
        "Phone": join("(", phone(sites.phone, 0, 3), ") ", phone(sites.phone, 3, 6), "-", phone(sites.phone, 6, 10)),
        "Email": sites.email,
        "Address1": _street(world, sites, unit_apart),
        "Address2": choose(unit_apart & ~is_empty(sites.unit), join("SUITE ", sites.unit), blank),
        "City": upper(sites.city),
        "State": constant("OK", rows),
        "Zip": sites.zip_code,
        "Subsidy Contract Number": join(
            "Subsidy Contract Number: ", choose(sites.takes_subsidy, contract, constant("N/A", rows))
        ),
        "Total Cap": number(sites.capacity),
        "Ages Accepted 1": accepted[0],
        "AA2": accepted[1],
        "AA3": accepted[2],
        "AA4": accepted[3],
        "License Monitoring Since": join("Monitoring since ", day(sites.issued)),
        # The last two columns repeat others: the first of three flags, and what follows it by two.
        "School Year Only": _first_of(subsidy, year_round, daytime),
        "Evening Hours": choose(
            sites.takes_subsidy,
            choose(is_empty(evening), daytime, evening),
            choose(is_empty(evening), accepted[1], evening),
        ),
    }


def _hours(world: World, sites: Sites) -> dict[str, Text]:
    """Return opening hours for each day of the week; some are open only at weekends, some always."""
    dice, facility = world.dice, sites.state.facility
    opens = word(OPENS, dice.below(len(OPENS), "opens", facility))
    closes = word(CLOSES, dice.below(len(CLOSES), "closes", facility))
    hours = join(opens, " - ", closes)
    style = dice.unit("week", facility)
    hours = choose(style > 0.98, "12:00AM - 12:00AM", hours)
    workdays = choose(style < 0.02, "CLOSED", hours)
    weekend = choose((style < 0.02) | (style > 0.95), hours, "CLOSED")
    return {**{name: workdays for name in WORKDAYS}, **{name: weekend for name in WEEKEND}}


def _street(world: World, sites: Sites, unit_apart: np.ndarray) -> Text:
    """Return the street line, dots and spelled suffixes as they come."""
    dice, keys = world.dice, (sites.state.facility, sites.state.address)
    style = dice.unit("suffix style", *keys)
    suffix = choose(style < 0.3, sites.spelled_suffix, sites.suffix)
    dotted = (style > 0.85) & ~is_empty(suffix)
    suffix = choose(dotted, join(suffix, "."), suffix)
    direction = choose(
        (dice.unit("dot", *keys) < 0.3) & ~is_empty(sites.direction), join(sites.direction, "."), sites.direction
    )
    unit = choose(unit_apart | is_empty(sites.unit), "", join("STE ", sites.unit))
    return upper(spaced(sites.house, direction, sites.street, suffix, unit))


def _moved_left(columns: list[Text]) -> list[Text]:
    """Return columns whose empty values have gone to the right."""
    done = list(columns)
    for _ in columns:
        for left in range(len(done) - 1):
            gap = is_empty(done[left])
            done[left], done[left + 1] = (
                choose(gap, done[left + 1], done[left]),
                choose(gap, "", done[left + 1]),
            )
    return done


def _first_of(*columns: Text) -> Text:
    found = columns[-1]
    for column in reversed(columns[:-1]):
        found = choose(is_empty(column), found, column)
    return found
