"""The world of the demo: facilities that open, move, are renamed and close, month by month.

A slot is a place in the world that one facility after another fills. What holds for a slot in a month is a function
of the seed, the slot and the month alone, so no history is kept and any part of it can be made at any time. Months
count from January 2000.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from lead_enrichment.demo import words
from lead_enrichment.demo.dice import Dice, Numbers
from lead_enrichment.demo.places import Places, places
from lead_enrichment.demo.text import (
    Text,
    choose,
    constant,
    is_empty,
    join,
    lower,
    number,
    swap,
    word,
)

TEXAS, OKLAHOMA, NEVADA, ELSEWHERE = range(4)
SOURCES = {"nevada": NEVADA, "oklahoma": OKLAHOMA, "texas": TEXAS}
REGIONS = {TEXAS: "TX", OKLAHOMA: "OK", NEVADA: "NV", ELSEWHERE: "elsewhere"}
OKLAHOMA_SHARE, NEVADA_SHARE = 0.17, 0.08
GOLDEN_RATIO = 0.6180339887498949

# Slots from here on lie in other states and abroad: only Salesforce knows them.
FIRST_ELSEWHERE = 5_000_000
# Facilities of one slot differ by this much in their number.
SLOTS = 10_000_000
# Chains and districts are numbered apart from facilities.
FIRST_CHAIN, FIRST_DISTRICT, FIRST_NATIONAL = 1 << 40, 1 << 41, 1 << 42

BLOCK = 4
CHAINS = 0.1
# Blocks whose sites belong to one of the brands that have sites all over a state, and the sites with their switchboard.
NATIONAL, NATIONAL_BRANDS, SWITCHBOARD = 0.05, 2, 0.1
# Facilities in the building of another one, and those run by an agency that may stand in front of their name.
NEIGHBOURS, AGENCIES = 0.03, 0.1
DISTRICT_BLOCKS = 64
# Months of the shortest period and those that none reaches.
LIFE, MOVE, RENAME, NEW_PHONE = (60, 240), (100, 400), (120, 400), (50, 200)
NEW_CAPACITY, NEW_CONTACT = (40, 160), (60, 240)
EMPTY_MONTHS = 2
LAPSES = 0.002
NO_EMAIL = 0.15


def month_number(day: date) -> int:
    """Return the month of a day, counted from January 2000."""
    return (day.year - 2000) * 12 + day.month - 1


def month_start(months: Numbers) -> Numbers:
    """Return the first day of each month, counted from 1970-01-01."""
    return (np.datetime64("2000-01", "M") + np.asarray(months)).astype("datetime64[D]").astype(int)


@dataclass(frozen=True)
class State:
    """What holds for each of some slots in a month: who is there, and in which version; a row a slot."""

    slot: Numbers
    month: Numbers
    source: Numbers
    facility: Numbers  # number of the facility, which truth knows it by
    generation: Numbers  # facilities that the slot held before
    opened: Numbers  # month of opening
    is_listed: Numbers  # whether a licence is in force
    owner: Numbers  # the facility, or its chain: whose brand it bears
    address_owner: Numbers  # the facility, or the one in whose building it is
    phone_owner: Numbers
    email_owner: Numbers
    name: Numbers  # versions, from here on
    address: Numbers
    phone: Numbers
    capacity: Numbers
    contact: Numbers
    renewed: Numbers  # month of the last renewal

    def rows(self, chosen: Numbers) -> State:
        """Return some of the rows."""
        return replace(self, **{key: value[chosen] for key, value in vars(self).items()})

    def with_misprints(self, misprinted: Numbers) -> State:
        """Return the state with other phones in some rows, as a faulty file has them."""
        return replace(self, phone=np.where(misprinted, -1 - self.phone, self.phone))


@dataclass(frozen=True)
class Traits:
    """What each facility is, in numbers alone: quicker than all that can be said of it; a row a facility."""

    is_home: Numbers
    is_gym: Numbers
    capacity: Numbers
    has_email: Numbers


@dataclass(frozen=True)
class Sites:
    """What can be said of each facility in a month, in pieces that every source writes its own way; a row a facility.

    Phones have ten digits or, abroad, whatever is typed there. Names and streets are in title case.
    """

    state: State
    name: Text  # trade name without the legal form; empty where the operator has none
    listed_name: Text  # the same as the state has it, which may put the agency in front
    agency: Text  # who runs it, where that is not in its name; empty for most
    legal: Text
    given: Text
    family: Text
    second_given: Text  # empty where there is one contact
    second_family: Text
    house: Text
    direction: Text
    street: Text
    suffix: Text  # as in words.SUFFIXES; empty on roads that have none
    spelled_suffix: Text
    unit: Text
    city: Text
    county: Text
    state_code: Text
    state_name: Text
    zip_code: Text
    country: Text  # empty in the United States
    phone: Text
    email: Text
    website: Text
    is_home: Numbers
    is_gym: Numbers
    capacity: Numbers
    ages: Numbers  # bits: infants 1, toddlers 2, preschool 4, school 8
    takes_subsidy: Numbers
    issued: Numbers  # day of the licence, counted from 1970-01-01


class World:
    """A world of so many facilities in Nevada, Oklahoma and Texas, and as many elsewhere as Salesforce asks for."""

    def __init__(self, seed: int, facilities: int) -> None:
        self.dice = Dice(seed)
        self.slots = np.arange(facilities, dtype=np.int64)

    def source_of(self, slots: Numbers) -> Numbers:
        """Return the source that lists each slot; neighbouring slots share one, so that chains stay in a state."""
        # Multiples of the golden ratio fill the unit evenly: each state has its share in a small world too.
        share = (slots // BLOCK * GOLDEN_RATIO + 0.5) % 1
        within = np.where(
            share < NEVADA_SHARE, NEVADA, np.where(share < NEVADA_SHARE + OKLAHOMA_SHARE, OKLAHOMA, TEXAS)
        )
        return np.where(slots >= FIRST_ELSEWHERE, ELSEWHERE, within)

    def slots_of(self, source: int) -> Numbers:
        """Return the slots that a state's file lists facilities of."""
        slots: Numbers = self.slots[self.source_of(self.slots) == source]
        return slots

    def state(self, slots: Numbers, month: Numbers | int) -> State:
        """Return what holds for slots in a month, or in a month of its own for each."""
        dice = self.dice
        months = np.broadcast_to(np.asarray(month, dtype=np.int64), slots.shape)
        source = self.source_of(slots)
        life, phase = dice.period(*LIFE, "life", slots)
        generation = (months + phase) // life
        is_vacant = (months + phase) % life >= life - EMPTY_MONTHS
        has_lapsed = dice.unit("lapse", slots, months) < LAPSES
        facility = generation * SLOTS + slots + 1

        block = slots // BLOCK
        size = 2 + dice.below(BLOCK - 1, "chain size", block)
        in_chain = (dice.unit("chain", block) < CHAINS) & (slots % BLOCK < size)
        in_national = dice.unit("national", block) < NATIONAL
        brand = FIRST_NATIONAL + dice.below(NATIONAL_BRANDS, "national brand", block) * len(REGIONS) + source
        in_chain |= in_national
        owner = np.where(in_national, brand, np.where(in_chain, FIRST_CHAIN + block, facility))
        district = block // DISTRICT_BLOCKS * len(REGIONS) + source
        in_district = (dice.unit("district", district) < 0.5) & (dice.unit("in district", slots) < 0.06) & ~in_chain
        phone_owner = np.where(in_district, FIRST_DISTRICT + district, owner)
        shares_phone = np.where(
            in_national,
            dice.unit("switchboard", facility) < SWITCHBOARD,
            dice.unit("shares phone", owner) < 0.85,
        )
        shares_email = (dice.unit("shares e-mail", owner) < 0.7) & ~in_national
        # The house next door in the block of slots, where a facility of its own was when this one opened.
        is_neighbour = (slots % BLOCK == 1) & ~in_chain & (dice.unit("neighbour", slots) < NEIGHBOURS * BLOCK)
        next_life, next_phase = dice.period(*LIFE, "life", slots - is_neighbour)
        host = (generation * life - phase + next_phase) // next_life * SLOTS + slots
        address_owner = np.where(is_neighbour, host, facility)
        phone_owner = np.where(in_chain & ~shares_phone, facility, phone_owner)
        renewal_phase = dice.below(12, "renewal", slots)
        return State(
            slot=slots,
            month=months,
            source=source,
            facility=facility,
            generation=generation,
            opened=generation * life - phase,
            is_listed=~is_vacant & ~has_lapsed,
            owner=owner,
            address_owner=address_owner,
            phone_owner=phone_owner,
            email_owner=np.where(in_chain & ~shares_email, facility, owner),
            name=dice.cycle(*RENAME, "rename", owner, months),
            address=dice.cycle(*MOVE, "move", address_owner, months),
            phone=dice.cycle(*NEW_PHONE, "phone", phone_owner, months),
            capacity=dice.cycle(*NEW_CAPACITY, "capacity", facility, months),
            contact=dice.cycle(*NEW_CONTACT, "contact", facility, months),
            renewed=months - (months + renewal_phase) % 12,
        )

    def traits(self, state: State) -> Traits:
        """Return what each facility of a state is."""
        dice, facility, owner = self.dice, state.facility, state.owner
        in_chain = owner != facility
        is_gym = in_chain & (state.source == NEVADA) & (dice.unit("gym", owner) < 0.25)
        # In some chains the operator's home came first.
        is_home = np.where(
            in_chain,
            (state.slot % BLOCK == 0) & (dice.unit("home first", owner) < 0.4),
            dice.unit("kind", facility) < 0.36,
        )
        is_home &= ~is_gym
        bases = dice.below(6, "size", facility, state.capacity) + 7
        sizes = 18 + dice.below(180, "size", facility, state.capacity)
        return Traits(
            is_home=is_home,
            is_gym=is_gym,
            capacity=np.where(is_home, bases, sizes),
            has_email=dice.unit("no e-mail", state.email_owner) >= NO_EMAIL,
        )

    def sites(self, state: State) -> Sites:
        """Return what can be said of each facility of a state."""
        if not len(state.slot):
            raise ValueError("no facility to speak of")
        dice, facility, owner = self.dice, state.facility, state.owner
        in_chain = owner != facility
        traits = self.traits(state)
        is_home, is_gym = traits.is_home, traits.is_gym
        given, family = self._person(state, "contact")
        has_second = dice.unit("second", facility, state.contact) < 0.1
        second_given, second_family = self._person(state, "second contact")
        place = self._place(state)
        name = self._name(state, is_home, is_gym, given, family, place["city"])
        is_run = ~in_chain & ~is_home & (dice.unit("agency", facility) < AGENCIES)
        agency = choose(is_run, word(words.AGENCIES, dice.below(len(words.AGENCIES), "which agency", facility)), "")
        is_listed_with = is_run & (dice.unit("agency listed", facility) < 0.5)
        unnamed = is_home & ~in_chain & (dice.unit("unnamed", facility) < 0.35)
        phone, country, abroad_city, province, postcode = self._phone(state, place["area_code"])
        is_abroad = ~is_empty(country)
        email, website = self._email(state, name, family, given, traits.has_email)
        return Sites(
            state=state,
            name=choose(unnamed, "", name),
            listed_name=choose(is_listed_with, join(agency, " - ", name), choose(unnamed, "", name)),
            agency=agency,
            legal=choose(unnamed, "", word(words.LEGAL, dice.below(len(words.LEGAL), "legal", owner))),
            given=given,
            family=family,
            second_given=choose(has_second, second_given, ""),
            second_family=choose(has_second, second_family, ""),
            **self._street(state, is_home),
            city=choose(is_abroad, abroad_city, place["city"]),
            county=place["county"],
            state_code=choose(is_abroad, province, place["state_code"]),
            state_name=choose(is_abroad, province, place["state_name"]),
            zip_code=choose(is_abroad, postcode, place["zip_code"]),
            country=country,
            phone=phone,
            email=email,
            website=website,
            is_home=is_home,
            is_gym=is_gym,
            capacity=traits.capacity,
            ages=np.where(dice.unit("all ages", facility) < 0.6, 15, 1 + dice.below(15, "ages", facility)),
            takes_subsidy=dice.unit("subsidy", facility) < 0.6,
            # Licensed in the month before the first file that lists it.
            issued=month_start(state.opened - 1) + dice.below(28, "issue day", facility),
        )

    def _person(self, state: State, purpose: str) -> tuple[Text, Text]:
        dice, keys = self.dice, (state.facility, state.contact)
        given = word(words.GIVEN, dice.below(len(words.GIVEN), f"{purpose} given", *keys))
        family = word(words.FAMILY, dice.below(len(words.FAMILY), f"{purpose} family", *keys))
        return given, swap(family, "De-La-", "De La ")

    def _place(self, state: State) -> dict[str, Text]:
        """Return city, county, state, ZIP and area code; nearly every move stays in the city."""
        dice, facility = self.dice, state.facility
        rows = len(state.slot)
        parts: dict[str, list[Text]] = {}
        order = []
        for source, region in REGIONS.items():
            here = np.flatnonzero(state.source == source)
            if not len(here):
                continue
            table: Places = places(region)
            home, version = state.address_owner[here], state.address[here]
            # A brand that is known all over the state is everywhere.
            is_own = (home != facility[here]) | (state.owner[here] >= FIRST_NATIONAL)
            owner = np.where(is_own, home, state.owner[here])
            # Sites of a chain lie in one city two times in three.
            stays = dice.unit("same city", home) < 0.67
            first = table.draw(dice, "place", np.where(stays, owner, home))
            goes_far = dice.unit("far", home, version) < 0.05
            base = np.where(goes_far, table.draw(dice, "far place", home, version), first)
            at = table.nearby(base, dice, "zip", home, version)
            phone_at = table.draw(dice, "place", np.where(stays, owner, home))
            share = dice.unit("area code", state.phone_owner[here], state.phone[here])
            for key, value in (
                ("city", table.city.take(pa.array(at))),
                ("county", table.county.take(pa.array(at))),
                ("state_code", table.state.take(pa.array(at))),
                ("state_name", table.state_name.take(pa.array(at))),
                ("zip_code", table.zip_code.take(pa.array(at))),
                ("area_code", table.area_code(phone_at, share)),
            ):
                parts.setdefault(key, []).append(value)
            order.append(here)
        back = np.empty(rows, dtype=np.int64)
        back[np.concatenate(order)] = np.arange(rows)
        return {key: pa.concat_arrays(value).take(pa.array(back)) for key, value in parts.items()}

    def _street(self, state: State, is_home: Numbers) -> dict[str, Text]:
        dice, keys = self.dice, (state.address_owner, state.address)
        own = (state.facility, state.address)
        rows = len(state.slot)
        kind = dice.unit("street kind", *keys)
        suffix_at = dice.below(len(words.SUFFIXES), "suffix", *keys)
        ordinal = 1 + dice.below(126, "ordinal", *keys)
        ending = np.where((ordinal % 100 > 10) & (ordinal % 100 < 14), 0, ordinal % 10)
        ordinals = join(number(ordinal), word(["th", "st", "nd", "rd", *["th"] * 6], ending))
        street = word(words.STREETS, dice.below(len(words.STREETS), "street", *keys))
        lengthened = join(street, " ", word(["Creek", "Ridge", "Hills", "Dream"], dice.below(4, "street end", *keys)))
        street = choose(kind > 0.8, lengthened, choose(kind < 0.12, ordinals, street))
        # Texas numbers its farm roads, and names its freeways at length.
        road = join(
            word(words.TEXAS_ROADS, dice.below(len(words.TEXAS_ROADS), "road", *keys)), " ",
            number(100 + dice.below(3900, "road number", *keys)),
            word(["", "", "", " Rd"], dice.below(4, "road end", *keys)),
        )  # fmt: skip
        is_road = (state.source == TEXAS) & (kind > 0.12) & (kind < 0.18)
        is_freeway = (state.source == TEXAS) & (kind > 0.18) & (kind < 0.2)
        freeway = word(words.FREEWAYS, dice.below(len(words.FREEWAYS), "freeway", *keys))
        is_plain = ~is_road & ~is_freeway
        direction = word(words.DIRECTIONS, dice.below(len(words.DIRECTIONS), "direction", *keys))
        room = 1 + dice.below(420, "room", *own)
        unit = word(["", "A", "B", ""], dice.below(4, "room letter", *own))
        several = dice.unit("rooms", *own) < 0.1
        unit = choose(several, join(number(room), "-", number(room + 2)), join(unit, number(room)))
        has_unit = (dice.unit("has unit", *own) < 0.18) & ~is_home
        return {
            "house": number(100 + dice.below(15_900, "house", *keys)),
            "direction": choose(is_plain, direction, ""),
            "street": choose(is_road, road, choose(is_freeway, freeway, street)),
            "suffix": choose(is_plain, word(words.SUFFIXES, suffix_at), ""),
            "spelled_suffix": choose(is_plain, word(words.SPELLED, suffix_at), ""),
            "unit": choose(has_unit, unit, constant("", rows)),
        }

    def _name(self, state: State, is_home: Numbers, is_gym: Numbers, given: Text, family: Text, city: Text) -> Text:
        """Return trade names: of a brand with the site, of a family, a church, a street, a number or plain words."""
        dice, facility, owner, version = self.dice, state.facility, state.owner, state.name
        keys = (owner, version)
        in_chain = owner != facility

        def drawn(choices: list[str], purpose: str) -> Text:
            return word(choices, dice.below(len(choices), purpose, *keys))

        first = swap(drawn(words.FIRST, "first"), "-", " ")
        second, kind = drawn(words.SECOND, "second"), drawn(words.KINDS, "name kind")
        home_kind = drawn(words.HOME_KINDS, "home kind")
        kind = choose(is_home & ~in_chain, home_kind, kind)
        style = dice.unit("style", *keys)
        name = join(first, " ", second, " ", kind)
        # A person's name in the trade name stays when the contact changes.
        founder = word(words.GIVEN, dice.below(len(words.GIVEN), "founder", owner))
        house = swap(word(words.FAMILY, dice.below(len(words.FAMILY), "house name", owner)), "-", " ")
        for low, high, other in (
            (0.44, 0.52, join(founder, "'s ", first, " ", second)),
            (0.52, 0.58, join("Ms. ", founder, "'s ", home_kind)),
            (0.58, 0.66, join(house, " ", home_kind)),
            (0.66, 0.74, join(drawn(words.CHURCHES, "church"), " ", drawn(words.CHURCH_KINDS, "church kind"))),
            (0.74, 0.82, join(drawn(words.STREETS, "name street"), " ", second, " ", kind)),
            (0.82, 0.86, join(drawn(words.COUNTS, "count"), " ", second, " ", kind)),
            (0.86, 0.90, join("My Little Angel's ", kind)),
            (0.90, 0.94, join("The ", first, " School")),
            (0.94, 0.97, join(founder, " & ", second, " ", kind)),
        ):
            name = choose((style >= low) & (style < high), other, name)
        # Sites of a brand bear its name and their own.
        district = word(words.DISTRICTS, dice.below(len(words.DISTRICTS), "site", facility))
        is_large = (dice.unit("large brand", owner) < 0.4) | (owner >= FIRST_NATIONAL)
        brand = choose(is_large, drawn(words.BRANDS, "brand"), name)
        brand = choose(is_gym, drawn(words.GYMS, "gym brand"), brand)
        site_style = dice.unit("site style", owner)
        numeral = word(["", " II", " III", " IV"], state.slot % BLOCK)
        site = choose(site_style < 0.4, join(brand, " - ", district), join(brand, " of ", city, " at ", district))
        site = choose(site_style > 0.75, join(brand, numeral), site)
        return choose(in_chain, choose(is_home, brand, site), name)

    def _phone(self, state: State, area_code: Text) -> tuple[Text, Text, Text, Text, Text]:
        """Return phones the numbering plan allows, and for those abroad country, city, province and postcode too."""
        dice, keys = self.dice, (state.phone_owner, state.phone)
        rows = len(state.slot)
        # Exchanges from 220 on, none of them N11 and none 555.
        exchange = 220 + dice.below(779, "exchange", *keys)
        exchange = np.where((exchange % 100 == 11) | (exchange == 555), exchange + 1, exchange)
        line = number(1000 + dice.below(9000, "line", *keys), 4)
        # A district's number has one area code wherever its sites are.
        home = join(area_code, number(exchange), line)
        in_district = state.phone_owner >= FIRST_DISTRICT
        if in_district.any():
            for source, region in REGIONS.items():
                table = places(region)
                here = in_district & (state.source == source)
                at = table.draw(dice, "district place", state.phone_owner)
                central = join(table.area_code(at, np.zeros(rows)), number(exchange), line)
                home = choose(here, central, home)
        blank = constant("", rows)
        abroad = np.where(state.source == ELSEWHERE, dice.unit("abroad", state.facility), 1)
        is_canadian, is_foreign = abroad < 0.06, (abroad >= 0.06) & (abroad < 0.08)
        if not (is_canadian | is_foreign).any():
            return home, blank, blank, blank, blank
        at = dice.below(len(words.CANADA), "canada", state.facility)
        column = [pa.array(values).take(pa.array(at)) for values in zip(*words.CANADA, strict=True)]
        ending = dice.below(1000, "postcode", state.facility)
        postcode = join(
            column[3], " ", number(ending // 100), word(list("ABEHM"), ending % 5), number(ending // 10 % 10)
        )
        other = dice.below(len(words.ABROAD), "country", state.facility)
        foreign = [pa.array(values).take(pa.array(other)) for values in zip(*words.ABROAD, strict=True)]
        phone = choose(is_canadian, join(column[2], number(exchange), line), choose(is_foreign, foreign[1], home))
        return (
            phone,
            choose(is_canadian, "Canada", choose(is_foreign, foreign[0], blank)),
            choose(is_canadian, column[0], blank),
            choose(is_canadian, column[1], choose(is_foreign, "Other", blank)),
            choose(is_canadian, postcode, blank),
        )

    def _email(self, state: State, name: Text, family: Text, given: Text, has_email: Numbers) -> tuple[Text, Text]:
        """Return e-mail addresses, each its owner's alone, and web sites; both empty for some."""
        dice, owner = self.dice, state.email_owner
        is_national = state.owner >= FIRST_NATIONAL
        label = number(owner % SLOTS + owner // FIRST_CHAIN * 7)
        # The name in the address is the first one: it does not follow a renaming.
        core = join(
            word(words.FIRST, dice.below(len(words.FIRST), "e-mail first", owner)),
            word(words.SECOND, dice.below(len(words.SECOND), "e-mail second", owner)),
        )
        core = swap(lower(core), "[^a-z0-9]", "")
        person = join(
            swap(lower(word(words.FAMILY, dice.below(len(words.FAMILY), "e-mail family", owner))), "[^a-z]", ""),
            word(list("abcdefghijklmnoprstvw"), dice.below(21, "e-mail initial", owner)),
        )
        box = word(words.MAILBOXES, dice.below(len(words.MAILBOXES), "mailbox", owner))
        style = dice.unit("e-mail style", owner)
        domain = join(core, label, ".com")
        role = word(["director", "info", "office", "admin"], dice.below(4, "role", owner))
        # Sites of a brand have a mailbox each, and one domain.
        brand = swap(lower(word(words.BRANDS, dice.below(len(words.BRANDS), "brand", state.owner, 0))), "[^a-z]", "")
        domain = choose(is_national, join(brand, number(state.owner % 100), ".com"), domain)
        role = choose(is_national, join("site", number(state.facility % SLOTS)), role)
        style = np.where(is_national, 0.0, style)
        email = choose(
            style < 0.35,
            join(role, "@", domain),
            choose(style < 0.7, join(core, label, "@", box), join(person, label, "@", box)),
        )
        email = choose(dice.unit("capitals", owner) < 0.05, pa.compute.utf8_upper(email), email)
        website = choose(
            style < 0.35, join(word(["http://www.", "https://", "www."], dice.below(3, "web", owner)), domain), ""
        )
        return choose(has_email, email, ""), website
