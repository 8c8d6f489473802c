"""Makes the demo's files, one after the other in the order of their arrival, in pieces of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa

from lead_enrichment.demo import nevada, oklahoma, salesforce, texas
from lead_enrichment.demo.dice import Numbers
from lead_enrichment.demo.files import written_or_not
from lead_enrichment.demo.remembered import DemoWorld, remember
from lead_enrichment.demo.schedule import Delivery, deliveries, first_day
from lead_enrichment.demo.truth import Truth, changed_columns, kinds_of_change
from lead_enrichment.demo.world import SOURCES, State, World

CHUNK = 1 << 16
STATES: dict[str, ModuleType] = {"nevada": nevada, "oklahoma": oklahoma, "texas": texas}
# Shares of the rows of a faulty file that are missing, and that bear another phone.
OMITTED, MISPRINTED = 0.01, 0.02
VERSIONS = ("name", "address", "phone", "capacity", "contact", "renewed")

Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Written:
    """One file of the demo."""

    source_key: str
    path: Path
    rows: int


def write_demo(
    out: Path,
    facilities: int,
    months: int,
    as_of: date,
    seed: int,
    after: date | None = None,
    report: Report = lambda name, done, total: None,
) -> list[Written]:
    """Write the deliveries of a run of months under `landing/`, and the truth about them under `truth/`.

    Equal arguments give equal bytes. So do the months that two runs with the same seed, facilities and first month
    share; the states' files do whatever the first month.

    Args:
        out: The data directory.
        facilities: Places for facilities in the three states; at most 5,000,000.
        months: Months of history, the last one being that of `as_of`.
        as_of: No file is dated later.
        seed: Names the world.
        after: Write only files dated later than this; the truth is about all of them.
        report: Called with a file's name, the pieces done and all pieces, as the work goes on.

    Returns:
        The files written, in the order of their dates.
    """
    world = World(seed, facilities)
    planned = deliveries(as_of, months)
    listed = {key: world.slots_of(source) for key, source in SOURCES.items()}
    listed["salesforce"] = world.slots
    total = sum(len(_pieces(len(listed[item.source_key]))) for item in planned)
    done = 0
    written = []
    states = {key: _StateFiles(world, key, slots) for key, slots in listed.items() if key in STATES}
    sales = _SalesFiles(world, first_day(as_of, months))
    with Truth(out / "truth") as truth:
        for delivery in planned:
            path = out / "landing" / delivery.source_key / delivery.file_name
            files = sales if delivery.source_key == "salesforce" else states[delivery.source_key]
            with written_or_not(path, after is None or delivery.file_date > after) as file:
                for columns in files.deliver(delivery, truth, file is not None):
                    if file is not None and columns is not None:
                        file.write(columns)
                    done = min(done + 1, total)
                    report(delivery.file_name, done, total)
            if file is not None and file.rows:
                written.append(Written(delivery.source_key, path, file.rows))
    remember(out, DemoWorld(seed, facilities, first_day(as_of, months), as_of))
    report("", total, total)
    return written


class _StateFiles:
    """The files of one state: full snapshots of the facilities whose licence is in force."""

    def __init__(self, world: World, source_key: str, slots: Numbers) -> None:
        self._world, self._source, self._slots = world, STATES[source_key], slots
        self._last: Delivery | None = None
        # The facility that was last delivered from each slot; 0 where there was none.
        self._seen = np.zeros(len(slots), dtype=np.int64)

    def deliver(self, delivery: Delivery, truth: Truth, is_wanted: bool) -> Iterator[dict[str, pa.Array] | None]:
        """Return a file's rows in pieces, and tell the truth about them."""
        source_key = delivery.source_key
        for piece in _pieces(len(self._slots)):
            slots = self._slots[piece]
            now = self._as_listed(slots, delivery)
            seen = self._seen[piece]
            was_there = np.zeros(len(slots), dtype=bool)
            if self._last is not None:
                before = self._as_listed(slots, self._last)
                was_there = before.is_listed & now.is_listed & (before.facility == now.facility)
                gone = before.is_listed & ~was_there
                truth.note_changes(delivery, self._source.natural_id(before.rows(gone)), "unlisted")
                self._note_changed(delivery, truth, before, now, was_there)
            come = now.is_listed & ~was_there
            is_new = come & (seen != now.facility)
            truth.note_facilities(source_key, self._source.natural_id(now.rows(is_new)), now.facility[is_new])
            truth.note_changes(delivery, self._source.natural_id(now.rows(is_new)), "listed")
            truth.note_changes(delivery, self._source.natural_id(now.rows(come & ~is_new)), "relisted")
            self._seen[piece] = np.where(now.is_listed, now.facility, seen)
            yield self._columns(now.rows(now.is_listed), delivery) if is_wanted and now.is_listed.any() else None
        self._last = delivery

    def _note_changed(self, delivery: Delivery, truth: Truth, before: State, now: State, was_there: Numbers) -> None:
        differs = np.zeros(len(was_there), dtype=bool)
        for version in VERSIONS:
            differs |= vars(before)[version] != vars(now)[version]
        differs &= was_there
        if not differs.any():
            return
        # Both in the form of this file: a date written otherwise is no change.
        old, new = self._columns(before.rows(differs), delivery), self._columns(now.rows(differs), delivery)
        natural_ids = self._source.natural_id(now.rows(differs))
        truth.note_changes(delivery, natural_ids, kinds_of_change(old, new), changed_columns(old, new))

    def _as_listed(self, slots: Numbers, delivery: Delivery) -> State:
        """Return what a file says of slots, its faults included."""
        dice, state = self._world.dice, self._world.state(slots, delivery.month)
        if not delivery.is_faulty:
            return state
        is_first = slots == self._slots[0]
        omitted = (dice.unit("omitted", slots, delivery.month) < OMITTED) & ~is_first
        misprinted = (dice.unit("misprinted", slots, delivery.month) < MISPRINTED) | is_first
        return replace(state.with_misprints(misprinted), is_listed=state.is_listed & ~omitted)

    def _columns(self, state: State, delivery: Delivery) -> dict[str, pa.Array]:
        columns: dict[str, pa.Array] = self._source.delivered(self._world, self._world.sites(state), delivery.month)
        return columns


class _SalesFiles:
    """Salesforce's files: every lead on the first day, then those that changed since the file before."""

    def __init__(self, world: World, start: date) -> None:
        self._world = world
        self._since = _seconds(start)
        self._leads: salesforce.Leads | None = None
        self._month = 0

    def deliver(self, delivery: Delivery, truth: Truth, is_wanted: bool) -> Iterator[dict[str, pa.Array] | None]:
        """Return a file's rows in pieces, and tell the truth about them."""
        until = _seconds(delivery.file_date)
        if self._leads is None:
            self._leads = salesforce.first_leads(self._world, delivery.month, until)
            for piece in _pieces(len(self._leads)):
                leads = self._leads.rows(piece)
                self._note_new(delivery, truth, leads, np.zeros(len(leads), dtype=bool))
                yield salesforce.delivered(self._world, leads) if is_wanted else None
        else:
            old = self._leads
            now, changed, kind = salesforce.changed_leads(self._world, old, self._month, self._since, until)
            for piece in _pieces(len(changed)):
                rows = changed[piece]
                after = salesforce.delivered(self._world, now.rows(rows))
                truth.note_changes(
                    delivery,
                    after["id"],
                    pa.array(salesforce.CHANGES).take(pa.array(kind[piece])),
                    changed_columns(salesforce.delivered(self._world, old.rows(rows)), after),
                )
                yield after
            added = now.rows(slice(len(old), None))
            deleted = old.rows(changed[kind == salesforce.CHANGES.index("deleted")])
            again = np.isin(self._facility(added), self._facility(deleted))
            for piece in _pieces(len(added)):
                leads = added.rows(piece)
                self._note_new(delivery, truth, leads, again[piece])
                yield salesforce.delivered(self._world, leads) if is_wanted else None
            self._leads = now
        self._since, self._month = until, delivery.month

    def _note_new(self, delivery: Delivery, truth: Truth, leads: salesforce.Leads, again: Numbers) -> None:
        ids = salesforce.lead_id(leads.number)
        truth.note_facilities("salesforce", ids, self._facility(leads))
        truth.note_changes(delivery, ids, pa.array(np.where(again, "re_created", "created").tolist(), pa.string()))

    def _facility(self, leads: salesforce.Leads) -> Numbers:
        return self._world.state(leads.slot, leads.known_month).facility


def _pieces(rows: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, rows)) for start in range(0, rows, CHUNK)]


def _seconds(day: date) -> int:
    return int(np.datetime64(day, "s").astype(int))
