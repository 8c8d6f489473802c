"""Bulk API 2.0 of the fake: ingest jobs and query jobs, with their states and results."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fake_salesforce.org import INTEGRATION, MOST_ROWS, Org, Refusal, Written
from fake_salesforce.soql import Row, stamp

DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
MOST_BYTES = 100 * 1024 * 1024
EMPTY_MARK = "#N/A"


@dataclass
class Job:
    """A job of either kind.

    Args:
        job_id: Its id.
        settings: What the client asked for.
        successful, failed, unprocessed: Rows of the results of an ingest job, as uploaded, each with what became of it.
        found: The rows of a query job.
    """

    job_id: str
    settings: dict[str, Any]
    created: str
    state: str = "Open"
    data: bytes | None = None
    error: str | None = None
    header: list[str] = field(default_factory=list)
    successful: list[tuple[Written, list[str]]] = field(default_factory=list)
    failed: list[tuple[Written, list[str]]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    found: list[Row] = field(default_factory=list)

    @property
    def is_query(self) -> bool:
        """Whether it reads."""
        return self.settings["operation"] in ("query", "queryAll")

    def info(self, version: str) -> dict[str, Any]:
        """Return it as the API tells of it."""
        told = {
            "id": self.job_id, "operation": self.settings["operation"], "object": self.settings.get("object", "Lead"),
            "createdById": INTEGRATION, "createdDate": self.created.replace("Z", ".000+0000"),
            "systemModstamp": self.created.replace("Z", ".000+0000"), "state": self.state,
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(version),
            "lineEnding": self.settings.get("lineEnding", "LF"),
            "columnDelimiter": self.settings.get("columnDelimiter", "COMMA"),
        }  # fmt: skip
        if self.is_query:
            return {**told, "jobType": "V2Query", "numberRecordsProcessed": len(self.found), "retries": 0,
                    "totalProcessingTime": 1, "isPkChunkingSupported": True}  # fmt: skip
        return {
            **told, "jobType": "V2Ingest", "contentUrl": f"services/data/v{version}/jobs/ingest/{self.job_id}/batches",
            **({"externalIdFieldName": self.settings["externalIdFieldName"]}
               if "externalIdFieldName" in self.settings else {}),
            "numberRecordsProcessed": len(self.successful) + len(self.failed), "numberRecordsFailed": len(self.failed),
            "retries": 0, "totalProcessingTime": 1, "apiActiveProcessingTime": 1, "apexProcessingTime": 0,
            **({"errorMessage": self.error} if self.error else {}),
        }  # fmt: skip

    def write(self, head: list[str], rows: Iterator[list[str]]) -> str:
        """Return rows as CSV, every cell in quotes, as the API has them."""
        stream = io.StringIO()
        writer = csv.writer(
            stream, delimiter=DELIMITERS[self.settings.get("columnDelimiter", "COMMA")],
            lineterminator=ENDINGS[self.settings.get("lineEnding", "LF")], quoting=csv.QUOTE_ALL,
        )  # fmt: skip
        writer.writerow(head)
        writer.writerows(rows)
        return stream.getvalue()

    def results(self, which: str) -> str:
        """Return one of the three results of an ingest job."""
        if which == "successfulResults":
            rows = ([row.row_id or "", str(row.is_created).lower(), *cells] for row, cells in self.successful)
            return self.write(["sf__Id", "sf__Created", *self.header], rows)
        if which == "failedResults":
            failed = ([row.row_id or "", row.refusal.text(), *cells] for row, cells in self.failed if row.refusal)
            return self.write(["sf__Id", "sf__Error", *self.header], failed)
        return self.write(self.header, iter(self.unprocessed))

    def process(self, org: Org) -> Iterator[None]:
        """Do the work of an ingest job, 200 rows at a time."""
        self.state = "InProgress"
        text = (self.data or b"").decode("utf-8-sig")
        ending = ENDINGS[self.settings.get("lineEnding", "LF")]
        first_line = text.partition("\n")[0]
        if first_line.endswith("\r") != (ending == "\r\n") and "\n" in text:
            self._fail("ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
                       + self.settings.get("lineEnding", "LF"))  # fmt: skip
            return
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=DELIMITERS[self.settings.get("columnDelimiter", "COMMA")]
        )
        self.header = next(reader, [])
        known = org.names["Lead"]
        for name in self.header:
            if name.lower() not in known:
                self._fail(f"InvalidBatch : Field name not found : {name}")
                return
        rows = list(reader)
        ends_early = org.dice.randrange(len(rows) // MOST_ROWS + 1) if org.meets("job_fails") else None
        for number, start in enumerate(range(0, len(rows), MOST_ROWS)):
            yield
            if self.state == "Aborted" or number == ends_early:
                self.unprocessed += rows[start:]
                if number == ends_early:
                    self._fail("InternalServerError : Unable to process the job.")
                return
            used: set[str] = set()
            for cells in rows[start : start + MOST_ROWS]:
                written = self._write_row(org, cells, used)
                (self.failed if written.refusal else self.successful).append((written, cells))
        self.state = "JobComplete"

    def _fail(self, error: str) -> None:
        self.state, self.error = "Failed", error

    def _write_row(self, org: Org, cells: list[str], used: set[str]) -> Written:
        if len(cells) != len(self.header):
            return Written(None, refusal=Refusal("INVALID_ROW", "The number of columns differs from the header"))
        # An empty cell is left as it is; a mark empties the field.
        told = dict(zip(self.header, cells, strict=True))
        values = {
            org.names["Lead"][name.lower()]: None if text == EMPTY_MARK else text for name, text in told.items() if text
        }
        operation = self.settings["operation"]
        if operation == "insert":
            return org.write(values, INTEGRATION)
        key_name = self.settings.get("externalIdFieldName", "Id") if operation == "upsert" else "Id"
        key = values.pop(org.names["Lead"][key_name.lower()], None)
        if not key:
            text = f"{key_name} not specified"
            return Written(None, refusal=Refusal("MISSING_ARGUMENT", text))
        if key in used:
            text = f"Duplicate external id specified: {key}"
            return Written(None, refusal=Refusal("DUPLICATE_VALUE", text))
        used.add(key)
        if operation in ("delete", "hardDelete"):
            return org.delete(key, INTEGRATION)
        if key_name.lower() == "id":
            return org.write(typed(values, org), INTEGRATION, key)
        return org.upsert(org.names["Lead"][key_name.lower()], key, typed(values, org), INTEGRATION)


def typed(values: dict[str, Any], org: Org) -> dict[str, Any]:
    """Return values of text as their fields keep them."""
    fields, found = org.objects["Lead"], {}
    for name, value in values.items():
        kind = fields[name].kind if name in fields else "string"
        if value is None or not isinstance(value, str):
            found[name] = value
        elif kind == "boolean":
            found[name] = value.lower() == "true"
        elif kind == "double":
            found[name] = float(value)
        elif kind == "datetime":
            found[name] = stamp(value)
        else:
            found[name] = value
    return found


def cell(value: Any) -> str:
    """Return a value as a bulk query's CSV has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    return text.replace("Z", ".000Z") if len(text) == 20 and text[10] == "T" and text.endswith("Z") else text
