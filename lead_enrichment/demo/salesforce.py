"""What sales knows: leads typed by hand about the facilities of the world, and how they move along the funnel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lead_enrichment.demo import words
from lead_enrichment.demo.appeal import appeal
from lead_enrichment.demo.dice import Dice, Numbers
from lead_enrichment.demo.text import Text, choose, constant, day, is_empty, join, moment, number, spaced, swap, word
from lead_enrichment.demo.world import FIRST_ELSEWHERE, Sites, World

KNOWN, TWICE, THRICE = 0.6, 0.075, 0.005
# What several people and lists entered over and over: so many facilities, and so many leads at most.
MANY, MOST_COPIES = 0.012, 20
# Leads that are a line of a list, with a name and a city and no more.
BARE = 0.03
# Leads elsewhere for each facility in the three states.
ELSEWHERE_SHARE = 0.4
YEARS_OF_LEADS = 8
# Leads share an invented e-mail in groups of twenty, at least one group in any demo.
GROUP, GROUPED = 20, 0.012
# From one feed to the next: shares of the leads to which something happens.
MOVED, EDITED, DELETED, TOUCHED = 0.014, 0.004, 0.0012, 0.004
RE_CREATED = 0.6
FOUND, FOUND_AGAIN, FOUND_ELSEWHERE = 0.0015, 0.0002, 0.002
DAY = 86_400

_AT = {status: position for position, status in enumerate(words.STATUSES)}
# Where a lead goes next, with weights; the last of each is a slip of the hand: a step that the funnel does not allow.
_NEXT = {
    "New": [("Assigned", 0.85), ("Working", 0.10), ("Unqualified", 0.04), ("Qualified", 0.01)],
    "Assigned": [("Working", 0.75), ("Recycled", 0.12), ("Unqualified", 0.12), ("Converted", 0.01)],
    "Working": [("Connected", 0.5), ("Recycled", 0.29), ("Unqualified", 0.2), ("New", 0.01)],
    "Connected": [("Qualified", 0.5), ("Recycled", 0.29), ("Unqualified", 0.2), ("New", 0.01)],
    "Qualified": [("Converted", 0.7), ("Recycled", 0.29), ("New", 0.01)],
    "Converted": [("Recycled", 1.0)],
    "Recycled": [("Assigned", 0.99), ("Converted", 0.01)],
    "Unqualified": [("Recycled", 0.99), ("Converted", 0.01)],
}
# At the start: how many of twenty usual leads have a status, and how many times as many for each bit of appeal, as
# a power of two.
_FIRST_STATUSES = {
    "New": (1, 0.0), "Assigned": (4, 0.0), "Working": (6, 0.0), "Connected": (2, 0.5), "Qualified": (1, 1.0),
    "Converted": (1, 0.8), "Recycled": (3, -0.2), "Unqualified": (2, -0.4),
}  # fmt: skip
# Leads that sales is at work on move on more often, and the more so the greater the appeal: shares from one feed to
# the next, in addition to MOVED, for a usual lead; and how much a bit counts for pace, and for the first of _NEXT.
_PACE = {"New": 0.04, "Assigned": 0.025, "Working": 0.03, "Connected": 0.05, "Qualified": 0.06}
_DECIDED_BY_APPEAL = ("Working", "Connected", "Qualified")
PACE_BY_APPEAL, STEP_BY_APPEAL, FASTEST = 0.4, 0.75, 0.12


def _next_table() -> Numbers:
    """Return, for each status and each of 100 draws, the status that follows."""
    table = np.empty((len(words.STATUSES), 100), dtype=np.int64)
    for status, following in _NEXT.items():
        counts = [round(weight * 100) for _, weight in following]
        table[_AT[status]] = np.repeat([_AT[name] for name, _ in following], counts)
    return table


def _by_status(values: dict[str, float]) -> Numbers:
    """Return a value for each status; 0 where there is none."""
    return np.array([values.get(status, 0.0) for status in words.STATUSES])


_FOLLOWING = _next_table()
_ADVANCE = _by_status({status: following[0][1] for status, following in _NEXT.items()})
_BITS = _by_status(dict.fromkeys(_DECIDED_BY_APPEAL, STEP_BY_APPEAL))
_OFTENER = _by_status(_PACE)


def _first_status(draws: Numbers, bits: Numbers) -> Numbers:
    """Return the status of each lead at the start, from an even draw and its appeal."""
    weights = np.stack([usual * 2 ** (by_bit * bits) for usual, by_bit in _FIRST_STATUSES.values()], axis=1)
    bounds = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    chosen = (draws[:, None] >= bounds[:, :-1]).sum(axis=1)
    statuses: Numbers = np.array([_AT[status] for status in _FIRST_STATUSES])[chosen]
    return statuses


def _next_status(draws: Numbers, status: Numbers, bits: Numbers) -> Numbers:
    """Return the status that follows, from an even draw and the appeal, which alters the odds of the first of _NEXT."""
    usual = _ADVANCE[status]
    odds = usual * 2 ** (_BITS[status] * bits)
    advance = odds / (odds + 1 - usual)
    # Stretch the draw: what would advance by the appeal falls into the share that advances usually.
    fallen_back = usual + (draws - advance) / np.maximum(1 - advance, 1e-9) * (1 - usual)
    stretched = np.where(draws < advance, draws / advance * usual, fallen_back)
    following: Numbers = _FOLLOWING[status, np.minimum((stretched * 100).astype(np.int64), 99)]
    return following


def _has_phone(dice: Dice, who: Numbers) -> Numbers:
    """Whether each lead has a phone, and no invented one."""
    bad = dice.unit("placeholder", who)
    answers: Numbers = (bad >= 0.03) & (bad <= 0.93) & (dice.unit("bare", who) >= BARE)
    return answers


@dataclass(frozen=True)
class Leads:
    """Leads of Salesforce in numbers; a row a lead, which its number names for good."""

    number: Numbers
    slot: Numbers  # whom it is about
    known_month: Numbers  # as of when; what happened to the facility later is not in the lead
    edits: Numbers
    status: Numbers
    status_moves: Numbers
    created: Numbers  # seconds from 1970
    modified: Numbers
    active: Numbers  # day of the last activity; 0 where there was none
    is_deleted: Numbers
    group: Numbers  # number of the invented e-mail that it shares; 0 where it shares none

    def __len__(self) -> int:
        return len(self.number)

    def rows(self, chosen: Numbers | slice) -> Leads:
        """Return some of the leads."""
        return Leads(**{key: value[chosen] for key, value in vars(self).items()})

    def followed_by(self, others: Leads) -> Leads:
        """Return these leads and then others."""
        return Leads(**{key: np.concatenate([value, vars(others)[key]]) for key, value in vars(self).items()})


def lead_id(numbers: Numbers) -> Text:
    """Return Salesforce's id of a lead: the prefix of leads and twelve digits."""
    return join("00Q", number(numbers, 12))


def first_leads(world: World, month: int, now: int) -> Leads:
    """Return the leads that sales has at the start, oldest first.

    Args:
        world: Whom they are about.
        month: Month of the first file.
        now: The moment of the first file, in seconds from 1970; nothing is younger.
    """
    dice = world.dice
    elsewhere = FIRST_ELSEWHERE + np.arange(int(len(world.slots) * ELSEWHERE_SHARE), dtype=np.int64)
    known = world.slots[dice.unit("known", world.slots) < KNOWN]
    once = np.concatenate([known, elsewhere])
    copies = dice.unit("copies", once)
    leads = 1 + (copies < TWICE + THRICE) + (copies < THRICE)
    many = 4 + ((MOST_COPIES - 3) * dice.unit("how many", once) ** 2).astype(np.int64)
    leads = np.where(dice.unit("many", once) < MANY, many, leads)
    slot = np.repeat(once, leads)
    copy = np.arange(len(slot))
    age = (dice.unit("age", slot, copy) ** 1.5 * YEARS_OF_LEADS * 365 * DAY).astype(np.int64)
    created = now - 3600 - age
    modified = created + ((now - 60 - created) * dice.unit("modified", slot, copy) ** 0.3).astype(np.int64)
    order = np.lexsort((copy, created))
    slot, created, modified = slot[order], created[order], modified[order]
    numbers = np.arange(len(slot), dtype=np.int64)
    # Known as of the last year and a half, in which some have moved on.
    known_month = month - (dice.unit("known month", numbers) ** 2 * 18).astype(np.int64)
    bits = appeal(world, slot, known_month, month, _has_phone(dice, numbers))
    is_active = dice.unit("active", numbers) < 0.9
    return Leads(
        number=numbers,
        slot=slot,
        known_month=known_month,
        edits=np.zeros(len(slot), dtype=np.int64),
        status=_first_status(dice.unit("first status", numbers), bits),
        status_moves=np.zeros(len(slot), dtype=np.int64),
        created=created,
        modified=modified,
        active=np.where(is_active, modified // DAY, 0),
        is_deleted=dice.unit("deleted before", numbers) < 0.01,
        group=_groups(dice, numbers),
    )


def _groups(dice: Dice, numbers: Numbers) -> Numbers:
    """Return twenty leads at a time one invented e-mail."""
    members = min(len(numbers), GROUP * max(1, round(len(numbers) * GROUPED / GROUP)))
    chosen = np.argsort(dice.bits("group", numbers), kind="stable")[:members]
    group = np.zeros(len(numbers), dtype=np.int64)
    group[chosen] = 1 + np.arange(members) // GROUP
    return group


def changed_leads(world: World, leads: Leads, month: int, since: int, until: int) -> tuple[Leads, Numbers, Numbers]:
    """Let the time between two feeds go by.

    Args:
        world: Whom the leads are about.
        leads: All leads as they were.
        month: Month of the time that goes by.
        since: Its beginning, in seconds from 1970.
        until: Its end, not included.

    Returns:
        All leads as they are now; which of those before have changed, as row numbers; and of which kind each change
        is (a position in CHANGES). Leads from `len(leads)` on are new.
    """
    dice, numbers = world.dice, leads.number
    luck = dice.unit("event", numbers, since)
    bounds = np.cumsum([MOVED, EDITED, DELETED, TOUCHED])
    # Only those whose draw may mean a change need a look at what they are about.
    drawn = np.flatnonzero((luck < bounds[-1] + FASTEST) & ~leads.is_deleted)
    rows = leads.rows(drawn)
    bits = appeal(world, rows.slot, rows.known_month, month, _has_phone(dice, rows.number))
    oftener = np.minimum(_OFTENER[rows.status] * 2 ** (PACE_BY_APPEAL * bits), FASTEST)
    event = np.searchsorted(bounds, luck[drawn], side="right")
    event = np.where((event == len(bounds)) & (luck[drawn] < bounds[-1] + oftener), 0, event)
    is_changed = event < len(bounds)
    changed, kind, bits = drawn[is_changed], event[is_changed], bits[is_changed]
    who = numbers[changed]
    moment_of = since + dice.below(until - since - 3600, "moment", who, since)

    status, known = leads.status[changed], leads.known_month[changed]
    following = _next_status(dice.unit("next status", who, since), status, bits)
    # A converted lead stays so, but for the odd mistake.
    stays = (status == _AT["Converted"]) & (dice.unit("stays", who, since) < 0.97)
    kind = np.where((kind == 0) & stays, 3, kind)
    after = replace(leads, **{key: value.copy() for key, value in vars(leads).items()})
    after.status[changed] = np.where(kind == 0, following, status)
    after.status_moves[changed] += kind == 0
    # Sales looks the facility up again; where another one has taken its place, the lead stays about the old one.
    about = leads.slot[changed]
    is_there = world.state(about, month).facility == world.state(about, known).facility
    after.known_month[changed] = np.where((kind == 1) & is_there, month, known)
    after.edits[changed] += kind == 1
    after.is_deleted[changed] = kind == 2
    after.modified[changed] = moment_of
    after.active[changed] = np.where(kind == 2, leads.active[changed], moment_of // DAY)

    again = changed[(kind == 2) & (dice.unit("again", who, since) < RE_CREATED)]
    found = world.slots[(dice.unit("found", world.slots, since) < FOUND) & (dice.unit("known", world.slots) >= KNOWN)]
    twice = world.slots[dice.unit("found again", world.slots, since) < FOUND_AGAIN]
    far = int(leads.slot.max(initial=FIRST_ELSEWHERE - 1)) + 1
    size = max(1, round(len(world.slots) * ELSEWHERE_SHARE * FOUND_ELSEWHERE))
    further = np.arange(max(far, FIRST_ELSEWHERE), max(far, FIRST_ELSEWHERE) + size, dtype=np.int64)
    slot = np.concatenate([leads.slot[again], found, twice, further])
    # Entered anew within the hour after its deletion; the others at any time.
    entered = np.concatenate(
        [
            after.modified[again] + 60 + dice.below(3400, "re-entry", leads.number[again], since),
            since + dice.below(until - since, "entry", slot[len(again) :], since),
        ]
    )
    order = np.lexsort((slot, entered))
    slot, entered = slot[order], entered[order]
    blank = np.zeros(len(slot), dtype=np.int64)
    new = Leads(
        number=len(leads) + np.arange(len(slot), dtype=np.int64),
        slot=slot,
        known_month=blank + month,
        edits=blank,
        status=blank + _AT["New"],
        status_moves=blank,
        created=entered,
        modified=entered,
        active=blank,
        is_deleted=np.zeros(len(slot), dtype=bool),
        group=blank,
    )
    return after.followed_by(new), changed, kind


CHANGES = ("status", "edited", "deleted", "touched")


def delivered(world: World, leads: Leads) -> dict[str, Text]:
    """Return leads as the extract has them: the facility as it was known, through the hands that typed it."""
    dice, rows = world.dice, len(leads)
    sites = world.sites(world.state(leads.slot, leads.known_month))
    who = leads.number
    blank = constant("", rows)
    bad = dice.unit("placeholder", who)
    names = dice.unit("contact typed", who)
    nickname = pa.array([words.NICKNAMES.get(name, name) for name in words.GIVEN])
    given = pc.fill_null(nickname.take(pc.index_in(sites.given, pa.array(words.GIVEN))), "")
    first = choose(names < 0.25, given, sites.given)
    first = choose(names > 0.93, join("Ms. ", first), choose(names > 0.9, pc.utf8_upper(first), first))
    first = choose((names > 0.3) & (names < 0.45), "", first)
    has_two = ~is_empty(sites.second_given) & (names < 0.6)
    first = choose(has_two, join(sites.given, " & ", sites.second_given), first)
    filled = dice.unit("filled", who)
    enrolled = (sites.capacity * (0.4 + 0.6 * dice.unit("enrolled", who))).astype(np.int64)
    has_bounced = dice.unit("bounced", who) < 0.02
    email = _email(dice, leads, sites)
    bounced = has_bounced & ~is_empty(email)
    updated = day(leads.created // DAY)
    is_bare = (dice.unit("bare", who) < BARE) & (leads.group == 0)
    told = {
        "id": lead_id(who),
        "is_deleted": choose(leads.is_deleted, "TRUE", constant("FALSE", rows)),
        "last_name": choose(names > 0.97, "Unknown", sites.family),
        "first_name": first,
        "title": word(
            ["", "", "", "Director/Principal", "Provider", "Owner", "Principal", "Director"],
            dice.below(8, "title", who),
        ),
        "company": _company(dice, leads, sites),
        "street": _street(dice, leads, sites),
        "city": choose(dice.unit("city typed", who) < 0.12, "", sites.city),
        "state": _state(dice, leads, sites),
        "postal_code": _postal_code(dice, leads, sites),
        "country": _country(dice, leads, sites),
        "phone": choose(
            bad < 0.03, _bad_phone(dice, who), choose(bad > 0.93, blank, _phone(dice, leads, sites.phone, "phone"))
        ),
        "mobile_phone": choose(
            dice.unit("mobile", who) < 0.15, _phone(dice, leads, _own_phone(dice, sites, who), "mobile"), blank
        ),
        "email": email,
        "website": choose(filled < 0.4, sites.website, blank),
        "lead_source": word(words.LEAD_SOURCES, dice.below(len(words.LEAD_SOURCES), "lead source", who)),
        "status": word(words.STATUSES, leads.status),
        "is_converted": choose(leads.status == _AT["Converted"], "TRUE", constant("FALSE", rows)),
        "created_date": moment(leads.created),
        "last_modified_date": moment(leads.modified),
        "last_activity_date": choose(leads.active > 0, day(leads.active), blank),
        "last_viewed_date": choose(filled > 0.97, day(leads.modified // DAY), blank),
        "last_referenced_date": choose(filled > 0.97, day(leads.modified // DAY), blank),
        "email_bounced_reason": choose(bounced, "550 5.1.1 The email account does not exist", blank),
        "email_bounced_date": choose(bounced, updated, blank),
        "outreach_stage_c": _stage(dice, leads),
        "current_enrollment_c": choose(filled < 0.1, number(enrolled), blank),
        "capacity_c": choose(filled < 0.16, number(sites.capacity), blank),
        "lead_source_last_updated_c": choose((filled > 0.3) & (filled < 0.4), updated, blank),
        "brightwheel_school_uuid_c": choose(leads.status == _AT["Converted"], join("bw-", number(who, 8)), blank),
    }
    for column in ("first_name", "street", "postal_code", "phone", "mobile_phone", "email", "website"):
        told[column] = choose(is_bare, blank, told[column])
    told["last_name"] = choose(is_bare, "Unknown", told["last_name"])
    told["city"] = choose(is_bare, sites.city, told["city"])
    return told


def _company(dice: Dice, leads: Leads, sites: Sites) -> Text:
    """Return the company as typed: short, misspelt, a person, with its city or its licence, `School, The`."""
    who = leads.number
    style, form, case = dice.unit("company", who), dice.unit("company form", who), dice.unit("company case", who)
    person = join(sites.family, ", ", sites.given)
    # A site of a brand is often typed without its own name.
    brand = swap(sites.name, " (- .*|of .* at .*)$", "")
    name = choose(dice.unit("site typed", who) < 0.4, brand, sites.name)
    name = choose(style < 0.5, name, join(name, sites.legal))
    for position, (pattern, short) in enumerate(words.ABBREVIATIONS):
        name = swap(name, pattern, short, dice.unit(f"abbreviation {position}", who) < 0.15)
    for position in (3, 5, 8):
        typo = dice.unit(f"typo {position}", who)
        name = swap(name, f"^(.{{{position}}})[a-z]([a-z])", "\\1\\2", typo < 0.015)
        name = swap(name, f"^(.{{{position}}})([a-z])([a-z])", "\\1\\3\\2", (typo > 0.015) & (typo < 0.03))
    name = swap(name, "'", "", dice.unit("apostrophe", who) < 0.3)
    # Some leave out what kind of place it is, or say another; some put in front who runs it.
    kind_typed = dice.unit("kind typed", who)
    name = swap(name, f"^(.+ .+) ({'|'.join(words.KINDS)})$", "\\1", kind_typed < 0.06)
    name = swap(name, " (Academy|Daycare|Preschool|Child Care|School)$", " Learning Center", kind_typed > 0.97)
    agency = dice.unit("agency typed", who)
    is_run = ~is_empty(sites.agency)
    name = choose(is_run & (agency < 0.35), join(sites.agency, " - ", name), name)
    name = choose(is_run & (agency > 0.35) & (agency < 0.5), join(sites.agency, " ", name), name)
    name = swap(name, "^The (.*)$", "\\1, The", dice.unit("the", who) < 0.6)
    kind = word(["Type I", "Type II", "Type III"], dice.below(3, "license type", who))
    license_text = join(" - ", sites.city, " ", sites.state_code, " Child Day Care - ", kind)
    name = choose(form < 0.04, join(name, " (", sites.city, ")"), name)
    name = choose((form > 0.04) & (form < 0.07), join(name, license_text), name)
    name = choose((form > 0.07) & (form < 0.09), join(pc.utf8_upper(person), " FAMILY CHILD CARE"), name)
    name = choose((form > 0.09) & (form < 0.1), join(sites.given, " ", sites.family, " dba ", name), name)
    name = choose(is_empty(sites.name) | ((form > 0.97) & sites.is_home), person, name)
    name = choose(case < 0.06, pc.utf8_lower(name), choose(case < 0.12, pc.utf8_upper(name), name))
    return choose((case > 0.98), join(name, " "), name)


def _street(dice: Dice, leads: Leads, sites: Sites) -> Text:
    who = leads.number
    style = dice.unit("street typed", who)
    suffix = choose(style < 0.45, sites.spelled_suffix, sites.suffix)
    suffix = choose(dice.unit("suffix left out", who) < 0.22, "", suffix)
    suffix = choose((style > 0.6) & (style < 0.7) & ~is_empty(suffix), join(suffix, "."), suffix)
    road = swap(sites.street, "^FM ", "Farm to Market Road ", style < 0.3)
    road = swap(road, "^FM ", "Fm ", style > 0.7)
    long = {"N": "North", "S": "South", "E": "East", "W": "West", "NW": "Northwest", "NE": "Northeast"}
    directions = pa.array(list(long))
    spelled = pc.fill_null(pa.array(list(long.values())).take(pc.index_in(sites.direction, directions)), "")
    direction = choose(dice.unit("direction typed", who) < 0.2, spelled, sites.direction)
    direction = choose(dice.unit("direction left out", who) < 0.1, "", direction)
    # The whole range of a building's numbers, a letter behind it, or a number that is off by a little.
    house = np.asarray(sites.house.cast(pa.int64()))
    form = dice.unit("house typed", who)
    last = house + 2 * (1 + dice.below(5, "house range", who))
    short = pc.utf8_slice_codeunits(number(last), -2, 10)
    typed = choose((form < 0.03) & (house // 100 == last // 100), join(sites.house, "-", short), sites.house)
    typed = choose((form > 0.03) & (form < 0.04), join(sites.house, word(["A", "B"], house % 2)), typed)
    typed = choose((form > 0.04) & (form < 0.055), number(house + 2 - 4 * (house % 2)), typed)
    behind = word(["Building", "Rear", "Upstairs", "2nd Floor"], dice.below(4, "behind the street", who))
    behind = choose((form > 0.98) & ~is_empty(suffix), behind, "")
    label = word(["Ste ", "Suite ", "#", "Unit ", "Ste. "], dice.below(5, "unit typed", who))
    has_unit = ~is_empty(sites.unit) & (dice.unit("unit kept", who) < 0.7)
    unit = choose(has_unit, join(label, sites.unit), "")
    street = spaced(typed, direction, road, suffix, behind, unit)
    street = choose(style > 0.96, join(street, ","), street)
    street = choose((style > 0.9) & (style < 0.94), pc.utf8_lower(street), street)
    # Half of the leads abroad and a quarter at home have no street.
    return choose(dice.unit("street missing", who) < np.where(is_empty(sites.country), 0.25, 0.5), "", street)


def _state(dice: Dice, leads: Leads, sites: Sites) -> Text:
    style = dice.unit("state typed", leads.number)
    state = choose(style < 0.5, sites.state_code, sites.state_name)
    return choose(style > 0.99, "Other", choose(style > 0.97, "", state))


def _postal_code(dice: Dice, leads: Leads, sites: Sites) -> Text:
    style, at_home = dice.unit("postcode typed", leads.number), is_empty(sites.country)
    extension = number(1000 + dice.below(9000, "zip extension", leads.number))
    code = choose((style < 0.1) & at_home, join(sites.zip_code, "-", extension), sites.zip_code)
    # A spreadsheet has taken the leading zero away.
    code = swap(code, "^0", "", (style > 0.1) & (style < 0.3) & at_home)
    return choose(style > 0.82, "", code)


def _country(dice: Dice, leads: Leads, sites: Sites) -> Text:
    typed = word(["", "", "US", "United States"], dice.below(4, "country typed", leads.number))
    return choose(is_empty(sites.country), typed, sites.country)


def _phone(dice: Dice, leads: Leads, phone: Text, purpose: str) -> Text:
    """Return a phone as typed; one in twenty is another one of the same place."""
    who, edits = leads.number, leads.edits
    other = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(phone, 0, 6), number(1000 + dice.below(9000, f"other {purpose}", who)), ""
    )
    is_plain = np.asarray(pc.match_substring_regex(phone, "^[0-9]{10}$"))
    phone = choose((dice.unit(f"is other {purpose}", who, edits) < 0.05) & is_plain, other, phone)
    area, exchange, line = (pc.utf8_slice_codeunits(phone, start, stop) for start, stop in ((0, 3), (3, 6), (6, 10)))
    style = dice.below(20, f"{purpose} style", who)
    extension = number(1 + dice.below(40, f"{purpose} extension", who))
    typed = join("(", area, ") ", exchange, "-", line)
    for styles, other_form in (
        ((7, 8, 9, 10), join(area, "-", exchange, "-", line)),
        ((11, 12, 13), phone),
        ((14,), join(area, ".", exchange, ".", line)),
        ((15,), join("+1", phone)),
        ((16,), join("1-", area, "-", exchange, "-", line)),
        ((17,), join(area, "-", exchange, "-", line, " x", extension)),
        ((18,), join("(", area, ")", exchange, "-", line, " ext. ", extension)),
    ):
        typed = choose(np.isin(style, styles), other_form, typed)
    return choose(is_plain, typed, phone)


def _bad_phone(dice: Dice, who: Numbers) -> Text:
    """Return what is typed to get past a form; half of it counts up from 1234567890."""
    counted = number(1_234_567_890 + who % 1000)
    return choose(
        dice.unit("bad phone kind", who) < 0.5,
        counted,
        word(words.BAD_PHONES, dice.below(len(words.BAD_PHONES), "bad phone", who)),
    )


def _own_phone(dice: Dice, sites: Sites, who: Numbers) -> Text:
    """Return a mobile number of the same area code; abroad, the phone itself."""
    exchange = 220 + dice.below(779, "mobile exchange", who)
    exchange = np.where((exchange % 100 == 11) | (exchange == 555), exchange + 1, exchange)
    area = pc.utf8_slice_codeunits(sites.phone, 0, 3)
    own = join(area, number(exchange), number(1000 + dice.below(9000, "mobile line", who)))
    return choose(np.asarray(pc.match_substring_regex(sites.phone, "^[0-9]{10}$")), own, sites.phone)


def _email(dice: Dice, leads: Leads, sites: Sites) -> Text:
    who = leads.number
    style = dice.unit("e-mail typed", who)
    email = choose(style < 0.3, "", choose(style > 0.92, pc.utf8_lower(sites.email), sites.email))
    email = swap(email, "gmail\\.com$", "gmial.com", style > 0.985)
    bad = word(words.BAD_EMAILS, dice.below(len(words.BAD_EMAILS), "bad e-mail", who))
    email = choose((style > 0.3) & (style < 0.33), bad, email)
    return choose(leads.group > 0, join("test", number(leads.group), "@gmail.com"), email)


def _stage(dice: Dice, leads: Leads) -> Text:
    """Return the outreach stage, drawn anew whenever the status moves."""
    stage = constant("", len(leads))
    for status, stages in words.STAGES.items():
        drawn = dice.below(len(stages), f"stage {status}", leads.number, leads.status_moves)
        stage = choose(leads.status == _AT[status], word(stages, drawn), stage)
    return stage
