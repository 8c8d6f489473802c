"""The list of facilities: filters, order, pages, and what a search finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.search import search
from lead_enrichment.warehouse.reading import Row, one_of

# DuckDB reads the wide columns of the rows that are shown alone, up to 50 of them.
PAGE = 40
STATUSES = ("Net-new", "To review", "Open", "Paused", "Lost", "Customer", "Known")
COLUMNS = """
    entity_key, lead_key, facility_name, street_address, city, state, postal_code, phone, email, status, next_step,
    territory, capacity, priority, priority_decile, news, status_since
"""
EXPORTED = """
    facility_name, legal_name, contact_name, phone, mobile, email, website, street_address, city, county, state,
    postal_code, territory, territory_owner, status, status_since, next_step, priority, priority_decile, news,
    license_number, license_type, license_status, capacity, sales_status, campaign, last_activity_on, quality_score,
    reason, salesforce_lead_key, state_lead_key, entity_key
"""
FILTER = """
    ($state = '' OR state = $state) AND ($status = '' OR status = $status)
    AND ($county = '' OR COALESCE(county, 'unknown') = $county)
    AND ($territory = '' OR territory = $territory) AND ($duplicates = FALSE OR duplicate_count > 0)
"""
# Each order with a value that is never NULL, so that a page goes on behind the last row of the one before.
ORDERS = {
    "priority": ("Most worth a call", "COALESCE(priority, -1000)", "DESC", "<"),
    "news": ("Latest news", "COALESCE(news_on, DATE '1900-01-01')", "DESC", "<"),
    "name": ("Name", "UPPER(COALESCE(facility_name, ''))", "ASC", ">"),
    "capacity": ("Most children", "COALESCE(capacity, -1)", "DESC", "<"),
}
LISTS = {
    name: f"""
        SELECT {COLUMNS} FROM marts.sales_lead
        WHERE {FILTER} AND (
            $after = '' OR ({value}, entity_key) {behind}
                (SELECT ({value}, entity_key) FROM marts.sales_lead WHERE entity_key = $after)
        )
        ORDER BY {value} {direction}, entity_key {direction} LIMIT {PAGE + 1}
    """
    for name, (_, value, direction, behind) in ORDERS.items()
}
EXPORTS = {
    name: f"SELECT {EXPORTED} FROM marts.sales_lead WHERE {FILTER} ORDER BY {value} {direction}, entity_key {direction}"
    for name, (_, value, direction, _) in ORDERS.items()
}
COUNT = f"SELECT COUNT(*) FROM marts.sales_lead WHERE {FILTER}"
AMONG = "SELECT {} FROM marts.sales_lead WHERE entity_key IN ({}) AND {}"
# Facilities of which no lead counts any more are in no list; a search finds them.
GONE = """
    SELECT l.lead_key, l.name AS facility_name, l.city, l.state, l.postal_code, l.phone_e164 AS phone, l.email
    FROM intermediate.int_lead_current AS l WHERE l.lead_key IN ({})
"""
CHOICES = """
    SELECT ARRAY_AGG(DISTINCT state ORDER BY state) FILTER (NOT state IS NULL) AS states,
        ARRAY_AGG(DISTINCT territory ORDER BY territory) FILTER (NOT territory IS NULL) AS territories
    FROM marts.sales_lead
"""
# The name of a county means something within its state alone; unknown where the facility tells none.
COUNTIES = """
    SELECT state, ARRAY_AGG(DISTINCT COALESCE(county, 'unknown') ORDER BY COALESCE(county, 'unknown')) AS counties
    FROM marts.sales_lead WHERE NOT state IS NULL GROUP BY state
"""


@dataclass(frozen=True)
class Wish:
    """What somebody asks the list for; empty texts ask for nothing.

    A county is that of a state; see settled().
    """

    q: str = ""
    state: str = ""
    status: str = ""
    territory: str = ""
    duplicates: bool = False
    sort: str = "priority"
    after: str = ""
    county: str = ""

    @property
    def filters(self) -> dict[str, object]:
        """The parameters of FILTER."""
        return {
            "state": self.state, "county": self.county, "status": self.status, "territory": self.territory,
            "duplicates": self.duplicates,
        }  # fmt: skip

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for beyond all."""
        return bool(self.q or self.is_filtered)

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self.state or self.county or self.status or self.territory or self.duplicates)

    def query(self, **changed: object) -> str:
        """Return the query of the address for this wish, changed."""
        wish = replace(self, **changed)  # type: ignore[arg-type]
        named = {
            "q": wish.q, "state": wish.state, "county": wish.county, "status": wish.status, "territory": wish.territory,
            "duplicates": "true" if wish.duplicates else "", "sort": "" if wish.sort == "priority" else wish.sort,
            "after": wish.after,
        }  # fmt: skip
        return urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True)
class Found:
    """A page of the list.

    Args:
        rows: Columns of marts.sales_lead.
        more: Key behind which the next page begins; empty where this is the last.
        total: How many there are with these filters; of a search, how many are shown.
    """

    rows: list[Row]
    more: str
    total: int


def page_of(reader: CopyReader, wish: Wish) -> Found:
    """Return a page of the list, or what a search finds."""
    if wish.q:
        rows = _found(reader, wish)
        return Found(rows, "", len(rows))

    def read() -> list[Row]:
        return reader.rows(LISTS[wish.sort], after=wish.after, **wish.filters)

    # Where everybody begins.
    is_first = not wish.after and not wish.is_filtered
    rows = reader.cached(f"list {wish.sort}", read) if is_first else read()
    total = reader.cached(f"count {wish.query(after='', sort='priority')}", lambda: reader.value(COUNT, **wish.filters))
    return Found(rows[:PAGE], rows[PAGE - 1]["entity_key"] if len(rows) > PAGE else "", total)


def choices(reader: CopyReader) -> Row:
    """Return the states and territories that there are."""
    return reader.cached("list choices", lambda: reader.row(CHOICES) or Row(states=[], territories=[]))


def counties(reader: CopyReader, state: str) -> list[str]:
    """Return the counties of a state in which there are facilities."""
    found: dict[str, list[str]] = reader.cached(
        "list counties", lambda: {row["state"]: row["counties"] for row in reader.rows(COUNTIES)}
    )
    return found.get(state, [])


def settled(reader: CopyReader, wish: Wish) -> Wish:
    """Return the wish without a county that its state has not: who chooses another state leaves the county behind."""
    return wish if not wish.county or wish.county in counties(reader, wish.state) else replace(wish, county="")


def exported(reader: CopyReader, wish: Wish) -> Iterator[list[Row]]:
    """Return all that the wish asks for, with every column, in batches."""
    if wish.q:
        keys = [hit.entity_key for hit in search(reader, wish.q, PAGE)]
        rows = _among(reader, keys, wish, EXPORTED)
        yield [rows[key] for key in keys if key in rows]
    else:
        yield from reader.stream(EXPORTS[wish.sort], **wish.filters)


def _among(reader: CopyReader, keys: list[str], wish: Wish, columns: str) -> dict[str, Row]:
    """Return by key the facilities of some keys that the wish's filters let through."""
    marks, named = one_of("key", keys)
    found = reader.rows(AMONG.format(columns, marks, FILTER), **named, **wish.filters)
    return {row["entity_key"]: row for row in found}


def _found(reader: CopyReader, wish: Wish) -> list[Row]:
    hits = search(reader, wish.q, PAGE)
    rows = _among(reader, [hit.entity_key for hit in hits], wish, COLUMNS)
    gone: dict[str, Row] = {}
    if not wish.is_filtered:
        missing = [hit.lead_key for hit in hits if hit.entity_key not in rows]
        marks, named = one_of("key", missing)
        gone = {row["lead_key"]: row for row in reader.rows(GONE.format(marks), **named)} if missing else {}
    shown = []
    for hit in hits:
        if hit.entity_key in rows:
            shown.append(Row(rows[hit.entity_key], found_lead_key=hit.lead_key))
        elif hit.lead_key in gone:
            empty = dict.fromkeys(COLUMNS.replace(",", " ").split())
            more = {"entity_key": hit.entity_key, "status": "Gone", "found_lead_key": hit.lead_key}
            shown.append(Row(empty | gone[hit.lead_key] | more))
    return shown
