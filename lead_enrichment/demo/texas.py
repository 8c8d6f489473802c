"""Texas' file: farm roads, broken quotes, years of two digits in some months and four in others, rows half empty."""

from __future__ import annotations

import pyarrow as pa

from lead_enrichment.demo.text import (
    LONG_DAYS,
    SHORT_DAYS,
    Text,
    choose,
    constant,
    day,
    is_empty,
    join,
    number,
    spaced,
    swap,
    upper,
)
from lead_enrichment.demo.world import Sites, State, World

GENERATIONS = 16
BROKEN_QUOTES, NO_PERMIT, NO_TYPE = 0.012, 0.02, 0.006


def natural_id(state: State) -> Text:
    """Return the operation number."""
    return number(500_000 + state.slot * GENERATIONS + state.generation % GENERATIONS)


def delivered(world: World, sites: Sites, month: int) -> dict[str, Text]:
    """Return the file's columns; in every second month issue dates have years of four digits."""
    dice, state = world.dice, sites.state
    facility, rows = state.facility, len(state.slot)
    blank = constant("", rows)
    person = join(sites.given, " ", sites.family)
    name = choose(is_empty(sites.name), person, join(sites.listed_name, sites.legal))
    is_broken = (dice.unit("quotes", facility) < BROKEN_QUOTES) & ~is_empty(sites.name)
    name = choose(is_broken, swap(join(sites.listed_name, ' LLC"'), "^([^ ]+) ", '\\1" '), name)
    # An application that is not yet decided: no status, date, capacity, e-mail or ages.
    undecided = dice.unit("undecided", facility) < NO_PERMIT
    no_type = dice.unit("no type", facility) < NO_TYPE
    issued = day(sites.issued, LONG_DAYS if month % 2 else SHORT_DAYS)
    kind = choose(sites.is_home, "Licensed Child-Care Home", constant("Licensed Center - Child Care Program", rows))
    kind = choose(sites.is_home & (sites.capacity < 8), "Registered Child-Care Home", kind)
    unit = choose(is_empty(sites.unit), blank, join("STE ", sites.unit))
    part = pa.compute.utf8_slice_codeunits
    ages = {
        label: choose(((sites.ages >> bit) % 2 == 1) & ~undecided, "Y", constant("N", rows))
        for bit, label in enumerate(("Infant", "Toddler", "Preschool", "School"))
    }
    return {
        "Operation": natural_id(state),
        "Agency Number": blank,
        "Operation Name": name,
        "Address": upper(spaced(sites.house, sites.direction, sites.street, sites.suffix, unit)),
        "City": upper(sites.city),
        "State": constant("TX", rows),
        "Zip": sites.zip_code,
        "County": upper(sites.county),
        "Phone": join(part(sites.phone, 0, 3), "-", part(sites.phone, 3, 6), "-", part(sites.phone, 6, 10)),
        "Type": choose(no_type, "", kind),
        "Status": choose(
            undecided, "", choose(dice.unit("permit", facility) < 0.06, "Initial Permit", constant("Full Permit", rows))
        ),
        "Issue Date": choose(undecided, "", issued),
        "Capacity": choose(undecided, "", number(sites.capacity)),
        "Email Address": choose(undecided, "", sites.email),
        "Facility ID": number(133_110 + state.slot * GENERATIONS + state.generation % GENERATIONS),
        "Monitoring Frequency": blank,
        **ages,
    }
