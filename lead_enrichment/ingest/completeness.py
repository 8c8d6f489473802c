"""Completeness: is a delivery all that was meant to come?

A stated row count decides; without one the delivery is compared with the one before, within the contract's limits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.contracts import Column, Contract
from lead_enrichment.errors import DataError
from lead_enrichment.paths import write_text_whole
from lead_enrichment.warehouse.connection import connect, exactly
from lead_enrichment.wording import visible

ATTESTED, MISMATCH, UNATTESTED = "attested", "mismatch", "unattested"
MANIFEST_SUFFIX = ".manifest.json"
# A manifest is a line; what is larger, or states more rows than any file holds, is none.
LARGEST_MANIFEST, MOST_STATED_ROWS, LONGEST_STATED = 1 << 16, 10**12, 500
# Below this many rows nothing is concluded, and a change of fewer rows is normal, however large a share it is.
FEWEST_ROWS = 20


@dataclass(frozen=True)
class Statement:
    """What somebody stated about a delivery before it was taken in.

    Args:
        rows: Rows that the file should hold; None where only the release is stated.
        stated_by: manifest, trailer row, or the name of an operator.
        released: Why an operator lets the file in although it breaks a limit; None where nobody did.
    """

    rows: int | None
    stated_by: str
    released: str | None = None


def manifest_path(path: Path) -> Path:
    """Return the place of the manifest beside a delivered file."""
    return path.with_name(f"{path.name}{MANIFEST_SUFFIX}")


def has_manifest(path: Path) -> bool:
    """Whether a manifest stands beside a delivered file; none can where its name would be too long."""
    return os.path.lexists(manifest_path(path))


def read_manifest(path: Path) -> Statement | None:
    """Read the manifest beside a delivered file; None where there is none.

    Raises:
        DataError: It is no JSON object with a whole number under `rows`.
    """
    manifest = manifest_path(path)
    if not has_manifest(path):
        return None
    where = visible(manifest.name)
    remedy = 'Write {"rows": 1234}, and put the file and its manifest into landing again.'
    try:
        # A pipe would be waited for, and a device read without end.
        if not manifest.is_file():
            raise DataError("the manifest is no file", where, remedy)
        with manifest.open("rb") as stream:
            text = stream.read(LARGEST_MANIFEST + 1)
        if len(text) > LARGEST_MANIFEST:
            raise DataError(f"the manifest has more than {LARGEST_MANIFEST:,} bytes", where, remedy)
        stated = json.loads(text)
        rows, released = stated.get("rows"), stated.get("released")
    # Nested too deep is no object either.
    except (ValueError, AttributeError, RecursionError, OSError) as error:
        raise DataError("the manifest is no JSON object", where, remedy) from error
    is_count = type(rows) is int and 0 <= rows <= MOST_STATED_ROWS
    if (rows is None and not released) or (rows is not None and not is_count):
        raise DataError(f"the manifest states no row count, but {repr(rows)[:60]}", where, remedy)
    stated_by = visible(str(stated.get("stated_by") or "manifest"))[:LONGEST_STATED]
    return Statement(rows, stated_by, visible(str(released))[:LONGEST_STATED] if released else None)


def write_manifest(path: Path, statement: Statement) -> None:
    """Write the manifest beside a delivered file, whole or not at all."""
    stated = {"rows": statement.rows, "stated_by": statement.stated_by, "released": statement.released}
    known = {key: value for key, value in stated.items() if value is not None}
    write_text_whole(manifest_path(path), f"{json.dumps(known)}\n")


def verdict(rows: int, statement: Statement | None) -> str:
    """Return ATTESTED, MISMATCH or UNATTESTED: whether a delivery has as many rows as was stated."""
    if statement is None or statement.rows is None:
        return UNATTESTED
    return ATTESTED if rows == statement.rows else MISMATCH


def breaches(contract: Contract, delivered: Collection[Column], rows: Path, last: Path, last_name: str) -> list[str]:
    """Compare a full snapshot with the one before it.

    Args:
        contract: The contract of the source, with its limits.
        delivered: The columns that came; a missing one is reported elsewhere.
        rows: Bronze file of the delivery.
        last: Bronze file of the delivery before.
        last_name: Name of that delivery, for the sentences.

    Returns:
        A sentence for each limit that is broken.
    """
    key, limits, found = contract.key, contract.limits, []
    with connect() as connection:
        for name, path in (("now", rows), ("before", last)):
            connection.read_parquet(exactly(path)).create_view(name)

        def counts(query: str) -> tuple[float, float]:
            first, second = connection.execute(query).fetchone() or (0, 0)
            return first or 0, second or 0

        def hold(change: float, of: float, limit: float | None, what: str) -> None:
            if limit is not None and change >= FEWEST_ROWS and change > limit * of:
                found.append(f"{what} ({change / of if of else 1:.0%}; the contract allows {limit:.0%})")

        now, before = counts("SELECT (SELECT COUNT(*) FROM now), (SELECT COUNT(*) FROM before)")
        hold(before - now, before, limits.get("rows_lost"), f"{now:,} rows after {before:,} in {last_name}")
        hold(now - before, before, limits.get("rows_gained"), f"{now:,} rows after {before:,} in {last_name}")
        lost, gained = counts(
            f"SELECT (SELECT COUNT(DISTINCT {key}) FROM before WHERE {key} NOT IN (SELECT {key} FROM now)), "
            f"(SELECT COUNT(DISTINCT {key}) FROM now WHERE {key} NOT IN (SELECT {key} FROM before))"
        )
        name = contract.key_column.header
        hold(lost, before, limits.get("keys_lost"), f"{lost:,} values of {name} are gone")
        hold(gained, before, limits.get("keys_gained"), f"{gained:,} values of {name} are new")
        for column in delivered:
            if "sum_change" in column.limits:
                common, now_sum, sum_before = connection.execute(
                    f"SELECT COUNT(*), SUM(TRY_CAST(n.{column.name} AS DOUBLE)), "
                    f"SUM(TRY_CAST(b.{column.name} AS DOUBLE)) FROM now AS n JOIN before AS b USING ({key})"
                ).fetchone() or (0, 0, 0)
                if common >= FEWEST_ROWS and sum_before:
                    change, limit = abs((now_sum or 0) - sum_before) / sum_before, column.limits["sum_change"]
                    if change > limit:
                        found.append(
                            f"{column.header} of the {common:,} rows in both adds up to {now_sum or 0:,.0f} after "
                            f"{sum_before:,.0f} ({change:.0%}; the contract allows {limit:.0%})"
                        )
            if "rows_of_values_lost" in column.limits:
                missing, all_before = counts(
                    f"SELECT (SELECT COUNT(*) FROM before WHERE {column.name} IS NOT NULL AND {column.name} NOT IN "
                    f"(SELECT {column.name} FROM now WHERE {column.name} IS NOT NULL)), (SELECT COUNT(*) FROM before)"
                )
                names = connection.execute(
                    f"SELECT {column.name} FROM before WHERE {column.name} IS NOT NULL AND {column.name} NOT IN "
                    f"(SELECT {column.name} FROM now WHERE {column.name} IS NOT NULL) "
                    f"GROUP BY {column.name} ORDER BY COUNT(*) DESC LIMIT 3"
                ).fetchall()
                listed = ", ".join(name for (name,) in names)
                what = f"no row of {column.header} {listed}, which had {missing:,} rows"
                hold(missing, all_before, column.limits["rows_of_values_lost"], what)
    return found
