"""Reading a resource: a page by keyset, one row, and the tag by which a client keeps what has not changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from lead_enrichment.app.api.problems import ApiProblem
from lead_enrichment.app.api.resources import POSITION_GAP, ApiField, Filter, Resource
from lead_enrichment.app.published import CopyReader

# Key and position of a row.
Place = tuple[tuple[Any, ...], int]
CASTS = {"text": "TEXT", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
# So many rows a page may have.
MOST, USUAL = 200, 50
# Changes with what the same copy is told as, so that no client keeps an older form.
FORM = "1"
# Rows of a sorted table, as it was written, between two whose keys are kept in memory; and what is more than its last
# position.
STEP, LAST_PLACE = 1_024, 2**63 - 1
# So many of these steps are read for a page. Where too few rows of them are asked for, the next are so many times more.
FIRST_STEPS, MORE = 2, 4


def _shown(field: ApiField, alias: str) -> str:
    """Return the SQL of a field, in a type that JSON has: dates and times become text as RFC 3339 writes them."""
    column = f'{alias}."{field.name}"'
    if field.kind == "datetime":
        return f"STRFTIME({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if field.kind == "date":
        return f"CAST({column} AS TEXT)"
    # JSON has no infinity.
    return f"CASE WHEN ISFINITE({column}) THEN {column} END" if field.kind == "number" else column


def _check_has(reader: CopyReader, resource: Resource) -> None:
    """Check that production has a resource.

    Raises:
        ApiProblem: It does not yet.
    """
    if not reader.has(resource.table):
        raise ApiProblem(404, f"Production has no {resource.name} yet. Run: sqlmesh plan")


def _select(reader: CopyReader, resource: Resource) -> tuple[str, str]:
    """Return the columns of a resource in the tables of the models, and the second of these as joined to the first."""
    shown = []
    for field in resource.fields:
        # An older copy lacks what is new.
        has = reader.has(field.of or resource.table, field.name)
        shown.append(_shown(field, "b" if field.of else "a") if has else "NULL")
    on = " AND ".join(f'a."{name}" = b."{name}"' for name in resource.key)
    joined = f" LEFT JOIN {resource.joins} AS b ON {on}" if resource.joins else ""
    return ", ".join(shown), joined


def read_page(
    reader: CopyReader, resource: Resource, given: Mapping[str, Any], limit: int, cursor: str
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of rows, and the cursor of the next one; None after the last.

    Args:
        reader: The published copy.
        resource: What to read.
        given: Filters by name.
        limit: Rows of the page.
        cursor: Of the page before; empty for the first.

    Raises:
        ApiProblem: The cursor is none of this question, or production does not have the resource.
    """
    _check_has(reader, resource)
    conditions, values = ["TRUE"], []
    kinds = {field.name: field.kind for field in resource.fields}
    for item in resource.filters:
        if given.get(item.name) is not None:
            conditions.append(f'"{item.column}" {item.sign} ?::{CASTS[item.kind]}')
            values.append(given[item.name])
    question = _question(resource, given)
    keys = ", ".join(f'"{name}"' for name in resource.key)
    after: list[Any] = []
    if cursor:
        after = _opened(cursor, question, [kinds[name] for name in resource.key])
        casts = ", ".join(f"?::{CASTS[kinds[name]]}" for name in resource.key)
        conditions.append(f"({keys}) > ({casts})" if len(resource.key) > 1 else f"{keys} > {casts}")
        values += after
    where = " AND ".join(conditions)
    if reader.has(resource.sorted_table):
        first = next((given.get(item.name) for item in resource.filters if _is_of_key(item, resource)), None)
        query = (
            f"SELECT {_sorted_columns(reader, resource)} FROM {resource.sorted_table} AS a "
            f"WHERE position >= ? AND position < ? AND {where} ORDER BY position LIMIT ?"
        )
        found: list[tuple[Any, ...]] = []
        # Part by part, since an order over all that follows would read it all.
        for places in _parts(_known_places(reader, resource), *_places(reader, resource, after, first)):
            wanted = limit + 1 - len(found)
            found += reader.connection.execute(query, [*places, *values, wanted]).fetchall()
            if len(found) > limit:
                break
    else:
        # The keys of the page first, from few columns: of a million rows only those of the page are read whole.
        shown, joined = _select(reader, resource)
        on = " AND ".join(f'a."{name}" = p."{name}"' for name in resource.key)
        query = (
            f"WITH page AS MATERIALIZED (SELECT {keys} FROM {resource.table} WHERE {where} ORDER BY {keys} LIMIT ?) "
            f"SELECT {shown} FROM {resource.table} AS a JOIN page AS p ON {on}{joined} ORDER BY {_of_first(resource)}"
        )
        found = reader.connection.execute(query, [*values, limit + 1]).fetchall()
    names = [field.name for field in resource.fields]
    rows = [dict(zip(names, row, strict=True)) for row in found[:limit]]
    if len(found) <= limit:
        return rows, None
    return rows, _closed([rows[-1][name] for name in resource.key], question)


def _sorted_columns(reader: CopyReader, resource: Resource) -> str:
    """Return the columns of a resource in its sorted table."""
    has = {field.name for field in resource.fields if reader.has(resource.sorted_table, field.name)}
    return ", ".join(_shown(field, "a") if field.name in has else "NULL" for field in resource.fields)


def _is_of_key(item: Filter, resource: Resource) -> bool:
    return item.column == resource.key[0] and item.sign == "="


def _places(reader: CopyReader, resource: Resource, after: list[Any], first: str | None) -> tuple[int, int]:
    """Return between which positions of the sorted table the rows of a question lie.

    Args:
        reader: The published copy.
        resource: What to read.
        after: Key after which the rows come; empty where they begin at the first.
        first: Value of the first column of the key that all have; None where they differ.
    """
    known = _known_places(reader, resource)
    low, high = 0, LAST_PLACE
    if after:
        before = bisect_right(known, tuple(after), key=lambda place: place[0])
        low = known[before - 1][1] if before else 0
    if first is not None:
        before = bisect_left(known, first, key=lambda place: place[0][0])
        following = bisect_right(known, first, key=lambda place: place[0][0])
        low = max(low, known[before - 1][1] if before else 0)
        high = known[following][1] if following < len(known) else LAST_PLACE
    return low, high


def _parts(known: list[Place], low: int, high: int) -> Iterator[tuple[int, int]]:
    """Return the parts in which the rows between two positions are read: where each begins, and where it is over."""
    steps = FIRST_STEPS
    while low < high:
        following = bisect_right(known, low, key=lambda place: place[1]) + steps - 1
        end = min(known[following][1], high) if following < len(known) else high
        yield low, end
        low, steps = end, steps * MORE


def _known_places(reader: CopyReader, resource: Resource) -> list[Place]:
    """Return key and position of some rows of a sorted table, so that about STEP lie between two."""
    return reader.cached(f"places of {resource.name}", lambda: _read_places(reader, resource))


def _read_places(reader: CopyReader, resource: Resource) -> list[Place]:
    kinds = {field.name: field.kind for field in resource.fields}
    # Python orders texts as DuckDB does; dates are compared as the texts that a cursor has.
    keys = ", ".join(
        f'"{name}"::TEXT' if kinds[name] in ("text", "date") else f'"{name}"::BIGINT' for name in resource.key
    )
    has_key = " AND ".join(f'"{name}" IS NOT NULL' for name in resource.key)
    found = reader.connection.execute(
        f"SELECT {keys}, position FROM {resource.sorted_table} WHERE position % {STEP * POSITION_GAP} = 0 AND {has_key}"
    ).fetchall()
    return sorted(((row[:-1], row[-1]) for row in found), key=lambda place: place[1])


def cursor_after(resource: Resource, given: Mapping[str, Any], key: list[Any]) -> str:
    """Return the cursor of the page that begins after a key."""
    return _closed(key, _question(resource, given))


def read_one(reader: CopyReader, resource: Resource, key: str) -> dict[str, Any]:
    """Return the row of a key.

    Raises:
        ApiProblem: There is none, or production does not have the resource.
    """
    _check_has(reader, resource)
    is_key = f'"{resource.key[0]}" = ?'
    if reader.has(resource.sorted_table):
        shown, values = _sorted_columns(reader, resource), [*_places(reader, resource, [], key), key]
        source = f"{resource.sorted_table} AS a WHERE position >= ? AND position < ? AND {is_key}"
    else:
        (shown, joined), values = _select(reader, resource), [key]
        source = f"(SELECT * FROM {resource.table} WHERE {is_key}) AS a{joined}"
    found = reader.connection.execute(f"SELECT {shown} FROM {source}", values).fetchone()
    if found is None:
        raise ApiProblem(404, f"There is no such {resource.title.lower()}.")
    return dict(zip([field.name for field in resource.fields], found, strict=True))


def tag_of(reader: CopyReader, path: str, query: str) -> str:
    """Return the tag of an answer: the same copy tells the same. It is weak, since compression changes the bytes."""
    return f'W/"{_mark(FORM, reader.version, path, query)}"'


def is_known(tag: str, header: str) -> bool:
    """Whether a client has the answer of a tag, by its header If-None-Match."""
    known = [part.strip() for part in header.split(",")]
    return "*" in known or tag in known or tag.removeprefix("W/") in known


def _question(resource: Resource, given: Mapping[str, Any]) -> str:
    return _mark(resource.name, *(f"{name}={given[name]}" for name in sorted(given) if given[name] is not None))


def _of_first(resource: Resource) -> str:
    return ", ".join(f'a."{name}"' for name in resource.key)


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _closed(key: list[Any], question: str) -> str:
    text = json.dumps([question, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8")).decode("ascii").rstrip("=")


def _opened(cursor: str, question: str, kinds: list[str]) -> list[Any]:
    """Return the key after which a page begins.

    Raises:
        ApiProblem: The cursor is none, or of another question.
    """
    wrong = ApiProblem(400, "The cursor is none of this question. Begin anew, without a cursor.")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found: Any = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8"))
        mark, *key = found
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise wrong from error
    is_key = len(key) == len(kinds) and all(map(_is_of_kind, key, kinds))
    if not isinstance(found, list) or mark != question or not is_key:
        raise wrong
    return list(key)


def _is_of_kind(value: Any, kind: str) -> bool:
    if kind == "integer":
        return type(value) is int and abs(value) < 2**63
    if kind == "date" and isinstance(value, str):
        return is_date(value)
    return isinstance(value, str)


def is_date(text: str) -> bool:
    """Whether a text is a date as RFC 3339 writes it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
