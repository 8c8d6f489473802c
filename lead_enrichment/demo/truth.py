"""The truth about the demo: whom each record is about, and which record changed in which file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lead_enrichment.demo.dice import Numbers
from lead_enrichment.demo.files import CsvFile
from lead_enrichment.demo.schedule import Delivery
from lead_enrichment.demo.text import Text, choose, constant, is_empty, join, number, swap

# What a change of a delivered column tells, in the order in which kinds are written.
KINDS = {
    "renamed": ("Name", "Operation Name", "Company"),
    "moved": ("Address", "Address1", "Address2", "City", "Zip", "County"),
    "new_phone": ("Phone",),
    "new_contact": ("Primary Contact Name", "Primary Caregiver"),
    "new_capacity": ("Capacity", "Total Cap", "Credential Type", "Type"),
    "renewed": ("Credential Number", "Expiration Date"),
}


class Truth:
    """Two CSV files: `record_facility.csv`, a row a lead; `record_change.csv`, a row a lead and file that changes it.

    A `facility_id` is the same for all leads of a facility, whatever their source. A `change_kind` is `listed`,
    `unlisted`, `relisted`, one or several of KINDS for the states; `created`, `re_created`, `status`, `edited`,
    `touched`, `deleted` for Salesforce; several are joined by `|`, and so are the changed columns in `attributes`.
    """

    def __init__(self, folder: Path) -> None:
        self._facilities = CsvFile(folder / "record_facility.csv")
        self._changes = CsvFile(folder / "record_change.csv")

    def __enter__(self) -> Truth:
        self._facilities.__enter__()
        self._changes.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._changes.__exit__(*error)  # type: ignore[arg-type]
        self._facilities.__exit__(*error)  # type: ignore[arg-type]

    def note_facilities(self, source_key: str, natural_ids: Text, facilities: Numbers) -> None:
        """Write which facility each newly delivered lead is about."""
        rows = len(natural_ids)
        self._facilities.write(
            {
                "lead_key": join(f"{source_key}:", natural_ids),
                "source_key": constant(source_key, rows),
                "natural_id": natural_ids,
                "facility_id": number(facilities),
            }
        )

    def note_changes(
        self, delivery: Delivery, natural_ids: Text, kinds: Text | str, attributes: Text | None = None
    ) -> None:
        """Write what changed with a file; rows without a change are left out."""
        rows = len(natural_ids)
        columns = {
            "lead_key": join(f"{delivery.source_key}:", natural_ids),
            "source_key": constant(delivery.source_key, rows),
            "file_name": constant(delivery.file_name, rows),
            "file_date": constant(str(delivery.file_date), rows),
            "change_kind": constant(kinds, rows) if isinstance(kinds, str) else kinds,
            "attributes": constant("", rows) if attributes is None else attributes,
        }
        changed = pa.array(~is_empty(columns["change_kind"]))
        self._changes.write({name: column.filter(changed) for name, column in columns.items()})


def changed_columns(before: dict[str, Text], after: dict[str, Text]) -> Text:
    """Return the names of the columns that differ, as the contracts have them, joined by `|`; a row a record."""
    names = [
        choose(np.asarray(pc.not_equal(before[name], after[name])), f"{name.lower().replace(' ', '_')}|", "")
        for name in after
    ]
    return swap(join(*names), "\\|$", "")


def kinds_of_change(before: dict[str, Text], after: dict[str, Text]) -> Text:
    """Return the kinds of change that the differing columns tell, joined by `|`; a row a record."""
    rows = len(next(iter(after.values())))
    changed = []
    for kind, columns in KINDS.items():
        differs = np.zeros(rows, dtype=bool)
        for name in columns:
            if name in after:
                differs |= np.asarray(pc.not_equal(before[name], after[name]))
        changed.append(choose(differs, f"{kind}|", constant("", rows)))
    return swap(join(*changed), "\\|$", "")
