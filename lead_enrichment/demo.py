"""Demo data: a small world of child-care facilities, and what the four sources would have delivered about it.

Every draw comes from a generator seeded by the seed, the purpose and the month, so that the months that two calls
have in common are equal to the byte. Work is done on whole columns; a month is written before the next one is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import zipcodes

SHARES = {"texas": 0.6, "oklahoma": 0.2, "nevada": 0.2}
STATES = {"texas": "TX", "oklahoma": "OK", "nevada": "NV"}
KNOWN_TO_SALES = 0.6
DUPLICATED_IN_SALES = 0.08
SISTER_SITES = 0.08
# The month of the run, counted from 0, in which Oklahoma sends nothing and Nevada sends a correction.
IRREGULAR_MONTH = 1

FIRST = [
    "Little",
    "Bright",
    "Happy",
    "Sunshine",
    "Rainbow",
    "Tiny",
    "Creative",
    "Precious",
    "Kiddie",
    "Golden",
    "Growing",
    "Wonder",
    "Busy",
    "Caring",
    "Blessed",
    "Noah's",
    "Shining",
    "Jumping",
    "Loving",
    "Discovery",
]
SECOND = [
    "Stars",
    "Steps",
    "Hands",
    "Angels",
    "Learners",
    "Explorers",
    "Treasures",
    "Minds",
    "Acorns",
    "Ducklings",
    "Lambs",
    "Scholars",
    "Sprouts",
    "Bees",
    "Hearts",
    "Giggles",
    "Footprints",
    "Friends",
    "Dreamers",
    "Cubs",
]
KIND = [
    "Academy",
    "Learning Center",
    "Daycare",
    "Preschool",
    "Child Care",
    "Montessori",
    "Child Development Center",
    "Nursery School",
    "Christian Academy",
    "Family Child Care",
]
GIVEN = [
    "Maria",
    "Jennifer",
    "Linda",
    "Ashley",
    "Sandra",
    "Tonya",
    "Kimberly",
    "Latoya",
    "Rosa",
    "Heather",
    "Angela",
    "Crystal",
    "Denise",
    "Monica",
    "Tiffany",
    "Yolanda",
    "Brenda",
    "Carla",
    "Gloria",
    "Nicole",
]
FAMILY = [
    "Johnson",
    "Garcia",
    "Smith",
    "Williams",
    "Brown",
    "Hernandez",
    "Davis",
    "Lopez",
    "Wilson",
    "Martinez",
    "Anderson",
    "Taylor",
    "Thomas",
    "Moore",
    "Jackson",
    "Martin",
    "Lee",
    "Perez",
    "White",
    "Harris",
    "Clark",
    "Lewis",
    "Robinson",
    "Walker",
    "Young",
]
STREETS = [
    "Willow",
    "Oak",
    "Main",
    "Cedar",
    "Elm",
    "Maple",
    "Sahara",
    "Rainbow",
    "Pecan",
    "Lakeview",
    "Sunset",
    "Hillcrest",
    "Church",
    "Park",
    "Mesquite",
    "Juniper",
    "Broadway",
    "Virginia",
    "Charleston",
    "Meadow",
    "Stonehollow",
    "Beechnut",
]
SUFFIXES = ["ST", "AVE", "DR", "RD", "LN", "BLVD", "CT", "PL"]
SPELLED = {
    "ST": "Street",
    "AVE": "Avenue",
    "DR": "Drive",
    "RD": "Road",
    "LN": "Lane",
    "BLVD": "Blvd.",
    "CT": "Court",
    "PL": "Place",
}
DIRECTIONS = ["", "", "", "N", "S", "E", "W"]
FUNNEL = ["New", "Assigned", "Working", "Connected", "Qualified", "Converted", "Recycled", "Unqualified"]
STAGES = {
    "Assigned": "Added to sequence",
    "Working": "Working",
    "Connected": "Connected",
    "Recycled": "Recycled - Using Competitor",
    "Unqualified": "Unqualified - Enterprise",
}
ELSEWHERE = ["NY", "New York", "California", "FL", "Ohio", "Iowa", "Other", "Alberta", "BC", "GA", "Colorado", "IL"]

Rng = np.random.Generator
Text = pd.Series


@dataclass
class World:
    """The facilities as they are in one month; a row a facility."""

    facilities: pd.DataFrame
    seed: int
    changes: list[pd.DataFrame] = field(default_factory=list)


def draw(seed: int, purpose: str, month: int = 0) -> Rng:
    """Give the generator for one purpose in one month."""
    return np.random.default_rng([seed, month, *purpose.encode()])


def months_of(as_of: date, months: int) -> list[date]:
    """Give the first days of the months up to the one of `as_of`."""
    last = pd.Period(as_of, "M")
    return [(last - back).start_time.date() for back in range(months - 1, -1, -1)]


def make_world(facilities: int, seed: int) -> World:
    """Make the facilities of the first month: places, names, operators and licences."""
    rng = draw(seed, "world")
    n = facilities
    source = rng.choice(list(SHARES), n, p=list(SHARES.values()))
    frame = pd.DataFrame({"facility_id": np.arange(1, n + 1), "source": source})
    for key, state in STATES.items():
        here = (source == key).nonzero()[0]
        places = pd.DataFrame(zipcodes.filter_by(state=state, zip_code_type="STANDARD", active=True))
        places = places[places["area_codes"].str.len() > 0]
        place = places.iloc[rng.integers(0, len(places), len(here))].reset_index(drop=True)
        for column, values in (
            ("city", place["city"].str.upper()),
            ("zip", place["zip_code"]),
            ("county", place["county"].str.upper().str.removesuffix(" COUNTY")),
            ("area", place["area_codes"].str[0]),
        ):
            frame.loc[here, column] = values.to_numpy()
    given, family = _pick(rng, GIVEN, n), _pick(rng, FAMILY, n)
    frame["given"], frame["family"] = given, family
    frame["second_given"] = np.where(rng.random(n) < 0.1, _pick(rng, GIVEN, n), "")
    frame["second_family"] = _pick(rng, FAMILY, n)
    frame["name"] = _name(rng, n)
    frame["legal"] = rng.choice(["", "", " LLC", ", LLC", " Inc."], n)
    frame["is_home"] = rng.random(n) < 0.35
    frame["phone"] = _phone(rng, frame["area"])
    frame["email"] = _email(frame["name"], frame["facility_id"])
    _move(rng, frame, np.ones(n, dtype=bool))
    frame["capacity"] = np.where(frame["is_home"], rng.choice([7, 12], n), rng.integers(20, 240, n))
    frame["license"] = _license(frame)
    frame["issued"] = pd.to_datetime("2005-01-03") + pd.to_timedelta(rng.integers(0, 7300, n), unit="D")
    frame["renewed"] = 25
    frame["ages"] = rng.integers(1, 16, n)
    frame["subsidy"] = rng.random(n) < 0.6
    frame["stars"] = rng.integers(1, 6, n)
    frame["is_open"] = rng.random(n) > 0.03
    sisters = (rng.random(n) < SISTER_SITES) & (frame.index > 0)
    _make_sisters(frame, sisters.to_numpy() if hasattr(sisters, "to_numpy") else sisters)
    return World(frame, seed)


def evolve(world: World, month: int) -> None:
    """Let a month go by: openings, closings, moves, renames, renewals, new phones and capacities."""
    rng, frame = draw(world.seed, "evolve", month), world.facilities
    n = len(frame)
    for kind, share in (
        ("close", 0.01),
        ("open", 0.3),
        ("move", 0.01),
        ("rename", 0.01),
        ("phone", 0.02),
        ("capacity", 0.02),
        ("renew", 0.08),
    ):
        struck = rng.random(n) < share
        struck &= ~frame["is_open"].to_numpy() if kind == "open" else frame["is_open"].to_numpy()
        count = int(struck.sum())
        if kind == "close":
            frame.loc[struck, "is_open"] = False
        elif kind == "open":
            frame.loc[struck, "is_open"] = True
        elif kind == "move":
            _move(rng, frame, struck)
        elif kind == "rename":
            frame.loc[struck, "name"] = _name(rng, count)
        elif kind == "phone":
            frame.loc[struck, "phone"] = _phone(rng, frame.loc[struck, "area"])
        elif kind == "capacity":
            frame.loc[struck, "capacity"] = rng.integers(8, 240, count)
        else:
            frame.loc[struck, "renewed"] = 26
        world.changes.append(pd.DataFrame({"lead_key": _lead_key(frame[struck]), "month": month, "change_kind": kind}))


def write_demo(out: Path, facilities: int, months: int, as_of: date, seed: int) -> dict[str, int]:
    """Write the deliveries of a run of months, and the truth about them.

    Args:
        out: The data directory; files go under its `landing/` and `truth/`.
        facilities: Facilities in the world.
        months: Months of history, the last one being that of `as_of`.
        as_of: No file is dated later.
        seed: Same seed, same bytes.

    Returns:
        Number of files by source.
    """
    world = make_world(facilities, seed)
    leads = first_leads(world)
    written: dict[str, int] = {}
    truth = []
    starts = months_of(as_of, months)
    writers = {"nevada": nevada, "oklahoma": oklahoma, "texas": texas}
    number = 0
    for month, start in enumerate(starts):
        if month:
            evolve(world, month)
        delivered = start + timedelta(days=4)
        for source, writer in writers.items():
            listed = world.facilities[(world.facilities["source"] == source) & world.facilities["is_open"]]
            truth.append(pd.DataFrame({"lead_key": _lead_key(listed), "facility_id": listed["facility_id"]}))
            if delivered > as_of or (source == "oklahoma" and month == IRREGULAR_MONTH):
                continue
            _write(out, source, delivered, writer(listed, month))
            written[source] = written.get(source, 0) + 1
            if source == "nevada" and month == IRREGULAR_MONTH:
                # The correction leaves out two that the first file listed by mistake.
                _write(out, source, delivered, nevada(listed.iloc[:-2], month), suffix="_corrected")
                written[source] += 1
        end = starts[month + 1] if month + 1 < len(starts) else as_of + timedelta(days=1)
        days = [start + timedelta(days=i) for i in range((end - start).days)]
        for day in days:
            if month == 0 and day == start:
                feed = leads
            elif day.weekday() == 0:
                number += 1
                leads, feed = move_leads(leads, world, day, number)
            else:
                continue
            _write(out, "salesforce", day, salesforce(feed))
            written["salesforce"] = written.get("salesforce", 0) + 1
    truth.append(pd.DataFrame({"lead_key": "salesforce:" + leads["id"], "facility_id": leads["facility_id"]}))
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    pd.concat(truth).drop_duplicates().to_csv(folder / "record_facility.csv", index=False)
    changes = pd.concat(world.changes) if world.changes else pd.DataFrame(columns=["lead_key", "month", "change_kind"])
    changes["file_date"] = [starts[int(month)] + timedelta(days=4) for month in changes["month"]]
    changes.drop(columns="month").to_csv(folder / "record_change.csv", index=False)
    return written


def nevada(listed: pd.DataFrame, month: int) -> pd.DataFrame:
    """Give Nevada's file: one-line addresses, renewal years in the licence number, perhaps two contacts."""
    two = listed["second_given"] != ""
    contact = np.where(
        two,
        listed["given"] + " & " + listed["second_given"] + " " + listed["family"] + " & " + listed["second_family"],
        listed["given"] + " " + listed["family"],
    )
    kind = np.where(listed["is_home"], np.where(listed["capacity"] > 7, "GROUP CARE", "FAMILY CARE"), "CENTER")
    kind = np.where(listed["facility_id"] % 11 == 0, np.char.add(kind.astype(str), " (PROVISIONAL)"), kind)
    kind = np.where(listed["facility_id"] % 97 == 0, "ACCOMMODATION", kind)
    suite = np.where(listed["unit"] != "", "., " + listed["unit"], "")
    name = (listed["name"] + listed["legal"]).str.upper().str.replace("NOAH'S", "NOAHíS")
    return pd.DataFrame(
        {
            "Name": name,
            "Credential Type": kind,
            "Credential Number": listed["license"] + "-" + listed["renewed"].astype(str),
            "Status": "Active",
            "Expiration Date": "12/31/" + (listed["renewed"] + 1).astype(str),
            "Disciplinary Action": np.where(listed["facility_id"] % 53 == 0, "Y", "N"),
            "Address": _street(listed).str.upper() + suite + " " + listed["city"] + ", NV " + listed["zip"],
            "State": "NV",
            "County": listed["county"],
            "Phone": _dashed(listed["phone"]),
            "First Issue Date": _short_date(listed["issued"]),
            "Primary Contact Name": np.char.upper(contact.astype(str)),
            "Primary Contact Role": np.where(listed["is_home"], "Owner", "Director"),
        }
    )


def oklahoma(listed: pd.DataFrame, month: int) -> pd.DataFrame:
    """Give Oklahoma's file: labelled values, persons and trade names in one field, two shifted columns."""
    person = listed["family"].str.upper() + ", " + listed["given"].str.upper()
    trade = (listed["name"] + listed["legal"]).str.upper()
    company = np.where(
        listed["is_home"], np.where(listed["facility_id"] % 3 == 0, person, person + " DBA " + trade), trade
    )
    subsidy = np.where(listed["subsidy"], "Accepts Subsidy", "")
    year_round = np.where(listed["facility_id"] % 9 != 0, "Year Round", "")
    ages = [
        np.where(listed["ages"] & bit, label, "")
        for bit, label in (
            (1, "Infants (0-11 months)"),
            (2, "Toddlers (12-23 months; 1yr.)"),
            (4, "Preschool (24-48 months; 2-4 yrs.)"),
            (8, "School-age (5 years-older)"),
        )
    ]
    hours = np.where(listed["is_home"], "7:30AM - 5:30PM", "6:00AM - 6:00PM")
    return pd.DataFrame(
        {
            "Type License": np.where(listed["is_home"], "CHILD CARE FAMILY - ", "CHILD CARE CENTER - ")
            + listed["license"],
            "Company": company,
            "Accepts Subsidy": subsidy,
            "Year Round": year_round,
            "Daytime Hours": "Daytime Hours",
            "Star Level": listed["stars"].astype(str) + " Star Level Program",
            **{day: hours for day in ("Mon", "Tues", "Wed", "Thurs", "Friday")},
            "Saturday": "CLOSED",
            "Sunday": "CLOSED",
            "Primary Caregiver": listed["given"]
            + " "
            + listed["family"]
            + "\n \n "
            + np.where(listed["is_home"], "Primary Caregiver", "Director"),
            "Phone": "(" + listed["phone"].str[:3] + ") " + listed["phone"].str[3:6] + "-" + listed["phone"].str[6:],
            "Email": listed["email"],
            "Address1": _street(listed).str.upper(),
            "Address2": listed["unit"],
            "City": listed["city"],
            "State": "OK",
            "Zip": listed["zip"],
            "Subsidy Contract Number": "Subsidy Contract Number: "
            + np.where(listed["subsidy"], (listed["facility_id"] + 28000).astype(str), "N/A"),
            "Total Cap": listed["capacity"].astype(str),
            "Ages Accepted 1": ages[0],
            "AA2": ages[1],
            "AA3": ages[2],
            "AA4": ages[3],
            "License Monitoring Since": "Monitoring since " + listed["issued"].dt.strftime("%Y-%m-%d"),
            "School Year Only": np.where(
                subsidy != "", subsidy, np.where(year_round != "", year_round, "Daytime Hours")
            ),
            "Evening Hours": np.where(listed["subsidy"], "Daytime Hours", ages[2]),
        }
    )


def texas(listed: pd.DataFrame, month: int) -> pd.DataFrame:
    """Give Texas's file: broken quotes in names, farm roads, years of two or four digits by month."""
    blank = listed["facility_id"] % 61 == 0
    name = listed["name"] + listed["legal"]
    name = name.where(listed["facility_id"] % 71 != 0, listed["name"].str[:1] + '" ' + listed["name"].str[2:] + ' LLC"')
    issued = listed["issued"].dt.strftime("%m/%d/%Y") if month % 2 else _short_date(listed["issued"])
    ages = {
        label: np.where(listed["ages"] & bit, "Y", "N")
        for bit, label in ((1, "Infant"), (2, "Toddler"), (4, "Preschool"), (8, "School"))
    }
    unit = np.where(listed["unit"] != "", " " + listed["unit"], "")
    return pd.DataFrame(
        {
            "Operation": listed["license"],
            "Agency Number": "",
            "Operation Name": name,
            "Address": _street(listed).str.upper() + unit,
            "City": listed["city"],
            "State": "TX",
            "Zip": listed["zip"],
            "County": listed["county"],
            "Phone": _dashed(listed["phone"]),
            "Type": np.where(listed["is_home"], "Licensed Child-Care Home", "Licensed Center - Child Care Program"),
            "Status": np.where(blank, "", "Full Permit"),
            "Issue Date": np.where(blank, "", issued),
            "Capacity": np.where(blank, "", listed["capacity"].astype(str)),
            "Email Address": np.where(listed["facility_id"] % 4 == 0, "", listed["email"]),
            "Facility ID": (listed["facility_id"] + 300000).astype(str),
            "Monitoring Frequency": "",
            **ages,
        }
    )


def first_leads(world: World) -> pd.DataFrame:
    """Give what sales knows at the start: most facilities with noise, some twice, and leads of elsewhere."""
    rng, frame = draw(world.seed, "leads"), world.facilities
    known = frame[rng.random(len(frame)) < KNOWN_TO_SALES]
    twice = known[rng.random(len(known)) < DUPLICATED_IN_SALES]
    elsewhere = max(24, int(len(frame) * 0.25))
    leads = pd.concat([_leads_about(rng, known), _leads_about(rng, twice), _leads_elsewhere(rng, elsewhere)])
    leads = leads.iloc[rng.permutation(len(leads))].reset_index(drop=True)
    leads["id"] = _salesforce_id(np.arange(len(leads)))
    leads["created"] = pd.Timestamp("2021-01-04 02:06:03") + pd.to_timedelta(
        rng.integers(0, 170_000_000, len(leads)), unit="s"
    )
    leads["modified"] = leads["created"] + pd.to_timedelta(rng.integers(60, 500_000, len(leads)), unit="s")
    return leads


def move_leads(leads: pd.DataFrame, world: World, day: date, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let a week of sales go by.

    Returns:
        All leads as they are now, and those that the change feed of the day lists.
    """
    rng = draw(world.seed, "feed", number)
    leads = leads.copy()
    live = ~leads["is_deleted"].to_numpy()
    moved = live & (rng.random(len(leads)) < 0.02)
    deleted = live & ~moved & (rng.random(len(leads)) < 0.002)
    position = leads["status"].map({status: i for i, status in enumerate(FUNNEL)}).to_numpy()
    following = np.minimum(position + 1, len(FUNNEL) - 1)
    leads.loc[moved, "status"] = np.array(FUNNEL)[following][moved]
    leads.loc[deleted, "is_deleted"] = True
    touched = moved | deleted
    stamp = pd.Timestamp(day) + pd.to_timedelta(rng.integers(0, 80_000, len(leads)), unit="s")
    leads.loc[touched, "modified"] = stamp[touched]
    # A deleted lead is entered again under a new id, and a few facilities are new to sales.
    again = leads[deleted].assign(is_deleted=False, status="New")
    fresh = _leads_about(rng, world.facilities[rng.random(len(world.facilities)) < 0.002])
    added = pd.concat([again, fresh], ignore_index=True)
    added["id"] = _salesforce_id(np.arange(len(leads), len(leads) + len(added)))
    added["created"] = added["modified"] = pd.Timestamp(day) + pd.Timedelta(hours=9, minutes=number)
    feed = pd.concat([leads[touched], added], ignore_index=True)
    return pd.concat([leads, added], ignore_index=True), feed


def salesforce(leads: pd.DataFrame) -> pd.DataFrame:
    """Give leads as the extract writes them."""
    stage = leads["status"].map(STAGES).fillna("")
    blank = pd.Series("", index=leads.index)
    return pd.DataFrame(
        {
            "id": leads["id"],
            "is_deleted": np.where(leads["is_deleted"], "TRUE", "FALSE"),
            "last_name": leads["last_name"],
            "first_name": leads["first_name"],
            "title": leads["title"],
            "company": leads["company"],
            "street": leads["street"],
            "city": leads["city"],
            "state": leads["state"],
            "postal_code": leads["postal_code"],
            "country": leads["country"],
            "phone": leads["phone"],
            "mobile_phone": leads["mobile_phone"],
            "email": leads["email"],
            "website": leads["website"],
            "lead_source": leads["lead_source"],
            "status": leads["status"],
            "is_converted": np.where(leads["status"] == "Converted", "TRUE", "FALSE"),
            "created_date": _stamp(leads["created"]),
            "last_modified_date": _stamp(leads["modified"]),
            "last_activity_date": leads["modified"].dt.strftime("%Y-%m-%d"),
            "last_viewed_date": blank,
            "last_referenced_date": blank,
            "email_bounced_reason": blank,
            "email_bounced_date": blank,
            "outreach_stage_c": stage,
            "current_enrollment_c": blank,
            "capacity_c": leads["capacity"],
            "lead_source_last_updated_c": blank,
            "brightwheel_school_uuid_c": blank,
        }
    )


def _leads_about(rng: Rng, known: pd.DataFrame) -> pd.DataFrame:
    """Give one lead about each facility, with the noise of hand entry."""
    n = len(known)
    dice = rng.random((6, n))
    company = known["name"].where(dice[0] < 0.5, known["name"] + known["legal"])
    company = company.where(dice[0] < 0.85, company.str.lower())
    company = company.where(dice[1] > 0.05, company + " (" + known["city"].str.title() + ")")
    company = company.where(dice[1] < 0.97, known["family"] + ", " + known["given"])
    company = company.where(
        (dice[1] < 0.94) | (dice[1] > 0.97),
        company + " - " + known["city"].str.title() + " TX Child Day Care - Type III",
    )
    street = _street(known).str.title()
    for short, spelled in SPELLED.items():
        street = street.where(dice[2] > 0.5, street.str.replace(f" {short.title()}$", f" {spelled}", regex=True))
    street = street.where(dice[2] < 0.85, "")
    codes, names = known["source"].map(STATES), known["source"].str.title()
    phone = known["phone"].where(dice[3] > 0.08, "").where((dice[3] > 0.1) | (dice[3] <= 0.08), "1234567890")
    other = _phone(rng, known["area"])
    phone = phone.where(dice[3] < 0.93, other)
    return pd.DataFrame(
        {
            "facility_id": known["facility_id"].to_numpy(),
            "is_deleted": False,
            "last_name": known["family"].to_numpy(),
            "first_name": known["given"].to_numpy(),
            "title": np.where(known["is_home"], "Provider", "Director/Principal"),
            "company": company.to_numpy(),
            "street": street.to_numpy(),
            "city": known["city"].str.title().where(dice[4] > 0.05, "").to_numpy(),
            "state": np.where(dice[4] < 0.5, codes, names),
            "postal_code": np.where(dice[4] < 0.1, known["zip"] + "-4210", np.where(dice[4] > 0.9, "", known["zip"])),
            "country": rng.choice(["", "US", "United States"], n),
            "phone": _dashed(phone).where(phone.str.len() == 10, phone).to_numpy(),
            "mobile_phone": np.where(dice[5] < 0.1, other, ""),
            "email": np.where(dice[5] > 0.4, known["email"], ""),
            "website": "",
            "lead_source": rng.choice(["TAM", "Web", "Marketing Research", "Proactive Trial"], n),
            "status": rng.choice(FUNNEL, n),
            "capacity": np.where(dice[5] > 0.8, known["capacity"].astype(str), ""),
        }
    )


def _leads_elsewhere(rng: Rng, n: int) -> pd.DataFrame:
    """Give leads of other states and Canada; the first twenty share one placeholder e-mail."""
    index = pd.Series(np.arange(n))
    state = _pick(rng, ELSEWHERE, n)
    canadian = np.isin(state, ["Alberta", "BC"])
    company = _name(rng, n)
    company = company.where(index % 9 != 0, "Neighborhood School, The")
    return pd.DataFrame(
        {
            "facility_id": -(index + 1),
            "is_deleted": False,
            "last_name": _pick(rng, FAMILY, n),
            "first_name": _pick(rng, GIVEN, n),
            "title": "",
            "company": company,
            "street": "",
            "city": "",
            "state": state,
            "postal_code": np.where(canadian, "T9V 1M9", ""),
            "country": np.where(canadian, "Canada", ""),
            "phone": (1234567890 + index).astype(str),
            "mobile_phone": "",
            "email": np.where(index < 20, "test1@gmail.com", ""),
            "website": np.where(index % 7 == 0, "http://www.littleschool" + index.astype(str) + ".net/", ""),
            "lead_source": "Web",
            "status": rng.choice(FUNNEL[:3], n),
            "capacity": "",
        }
    )


def _pick(rng: Rng, words: list[str], n: int) -> Text:
    return pd.Series(np.array(words, dtype=object)[rng.integers(0, len(words), n)])


def _name(rng: Rng, n: int) -> Text:
    return _pick(rng, FIRST, n) + " " + _pick(rng, SECOND, n) + " " + _pick(rng, KIND, n)


def _phone(rng: Rng, area: Text) -> Text:
    """Give numbers that the numbering plan allows: exchanges from 220 to 500, none of them N11."""
    exchange = rng.integers(0, 280, len(area))
    exchange = 220 + exchange
    exchange = np.where(np.isin(exchange % 100, [11]), exchange + 1, exchange)
    line = rng.integers(2000, 9999, len(area))
    return pd.Series(
        area.to_numpy() + exchange.astype(str).astype(object) + line.astype(str).astype(object), index=area.index
    )


def _email(name: Text, number: Text) -> Text:
    local = name.str.lower().str.replace("[^a-z]", "", regex=True)
    return local + number.astype(str) + np.where(number % 2 == 0, "@gmail.com", "@yahoo.com")


def _move(rng: Rng, frame: pd.DataFrame, moved: np.ndarray) -> None:
    """Give the facilities that moved a new address in their city."""
    n = int(moved.sum())
    texas_road = (frame.loc[moved, "source"] == "texas").to_numpy() & (rng.random(n) < 0.05)
    road = pd.Series(np.where(texas_road, "FM " + pd.Series(rng.integers(100, 3500, n).astype(str)), ""))
    direction, name, suffix = _pick(rng, DIRECTIONS, n), _pick(rng, STREETS, n), _pick(rng, SUFFIXES, n)
    frame.loc[moved, "house"] = rng.integers(100, 19999, n).astype(str)
    frame.loc[moved, "direction"] = np.where(texas_road, "", direction)
    frame.loc[moved, "street"] = np.where(texas_road, road, name)
    frame.loc[moved, "suffix"] = np.where(texas_road, "", suffix)
    frame.loc[moved, "unit"] = np.where(
        rng.random(n) < 0.1, "STE " + pd.Series(rng.integers(1, 400, n).astype(str)), ""
    )


def _make_sisters(frame: pd.DataFrame, sisters: np.ndarray) -> None:
    """Give sister sites the operator, brand, phone and e-mail of the facility of their state before them."""
    operator = frame.index.to_series().where(~sisters).groupby(frame["source"]).ffill()
    has_operator = sisters & operator.notna().to_numpy()
    chosen = operator[has_operator].astype(int).to_numpy()
    for column in ("name", "legal", "phone", "email", "given", "family"):
        frame.loc[has_operator, column] = frame[column].to_numpy()[chosen]


def _license(frame: pd.DataFrame) -> Text:
    number = frame["facility_id"]
    return pd.Series(
        np.select(
            [frame["source"] == "texas", frame["source"] == "oklahoma"],
            [(number + 500_000).astype(str), "K82" + (number + 50_000).astype(str).str.zfill(7)],
            number.astype(str).str.zfill(3),
        ),
        index=frame.index,
    )


def _lead_key(frame: pd.DataFrame) -> Text:
    return frame["source"] + ":" + frame["license"]


def _street(frame: pd.DataFrame) -> Text:
    parts = frame["house"] + " " + frame["direction"] + " " + frame["street"] + " " + frame["suffix"]
    return parts.str.replace(" +", " ", regex=True).str.strip()


def _dashed(phone: Text) -> Text:
    return phone.str[:3] + "-" + phone.str[3:6] + "-" + phone.str[6:]


def _short_date(dates: Text) -> Text:
    text: Text = dates.dt.month.astype(str) + "/" + dates.dt.day.astype(str) + "/" + dates.dt.strftime("%y")
    return text


def _stamp(times: Text) -> Text:
    """Write times as Salesforce does, with an hour of one digit."""
    text: Text = times.dt.strftime("%Y-%m-%d ") + times.dt.hour.astype(str) + times.dt.strftime(":%M:%S")
    return text


def _salesforce_id(numbers: np.ndarray) -> Text:
    return "00Q" + pd.Series(numbers.astype(str)).str.zfill(12)


def _write(out: Path, source: str, day: date, frame: pd.DataFrame, suffix: str = "") -> None:
    folder = out / "landing" / source
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / f"{source}_{day}{suffix}.csv", index=False, lineterminator="\n")
