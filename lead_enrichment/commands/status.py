"""`leads status`: which deliveries came, which were refused, and what the newest run of the models took."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths, data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.contracts import Contract
    from lead_enrichment.matching.decisions import Standing
    from lead_enrichment.quality.alert_settings import AlertSettings
    from lead_enrichment.quality.alerts import AlertMessage
    from lead_enrichment.quality.digest import UnsentDigest
    from lead_enrichment.webhooks.send import UnsentWebhooks

SLOWEST = 5


def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    """Show the deliveries of each source, what is late, every refused file with its reason, and the slowest models."""
    from lead_enrichment.bronze import write_empty_tables
    from lead_enrichment.commands.alert import print_unsent, print_unsent_digests
    from lead_enrichment.commands.match.standing import print_standing
    from lead_enrichment.commands.webhooks import print_unsent_webhooks, unsent_as_json
    from lead_enrichment.contracts import contracts
    from lead_enrichment.hooks.model_run import newest_run
    from lead_enrichment.ingest.archive import missing_names
    from lead_enrichment.ingest.ledger import PROPOSED, Ledger

    with errors_as_sentences():
        paths = data_paths()
        write_empty_tables(paths.bronze)
        ledger = Ledger(paths.bronze)
        overview, proposals = ledger.overview(), ledger.proposals()
        models = newest_run(ledger.model_runs())
        decided = _decided(paths)
        alerts, webhooks = _unsent_alerts(paths), _unsent_webhooks(paths)
        digests = _unsent_digests(paths)
        missing = missing_names(paths, overview.loaded)
        refused = [
            {"source": row["source_key"], "file": row["file_name"], "at": f"{row['started_at']:%Y-%m-%d %H:%M}",
             "reason": row["reason"]}
            for row in overview.refused
        ]  # fmt: skip
    today = datetime.now(UTC).date()
    sources = [_of_source(contract, overview.totals.get(key, {}), today) for key, contract in contracts().items()]
    waiting = [key for key, rows in proposals.items() if rows[0]["status"] == PROPOSED]
    if as_json:
        document = {"sources": sources, "refused": refused, "proposals": waiting, "models": models}
        document["archive_missing"] = missing
        if decided:
            document |= {"pairs_waiting": decided.waiting, "decisions": decided.outcomes}
            document["decisions_without_effect"] = decided.without_effect
        if alerts:
            document["alerts_unsent"] = sum(not message.is_given_up for message in alerts[0])
            document["alerts_given_up"] = sum(message.is_given_up for message in alerts[0])
        if digests:
            document["digests_unsent"] = sum(not item.is_given_up for item in digests[0])
            document["digests_given_up"] = sum(item.is_given_up for item in digests[0])
        if webhooks is not None:
            document["webhooks_unsent"] = unsent_as_json(webhooks)
        print_json(document)
        return
    console = Console()
    counts = numbers("Rows", "Rejected", "Repeated", "Refused")
    table = Listing(*keys("Source"), *numbers("Files"), *keys("Newest", "Late"), *counts, box=SIMPLE, pad_edge=False)
    for item in sources:
        table.add_row(
            item["source"], f"{item['files_loaded']:,}", item["newest_file_date"] or "none yet",
            counted(item["days_late"], "day") if item["days_late"] else "",
            f"{item['rows_loaded']:,}", f"{item['rows_rejected']:,}", f"{item['files_repeated']:,}",
            f"{item['files_refused']:,}",
        )  # fmt: skip
    console.print(table)
    if refused:
        for row in refused[-20:]:
            console.print(f"Refused {row['at']}: {row['reason']}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"Refused files lie in {paths.quarantine}.", highlight=False, soft_wrap=True)
    if missing:
        count = counted(len(missing), "archived file is", "archived files are")
        console.print(f"{count} missing, such as {missing[0]}. See: leads doctor", markup=False, soft_wrap=True)
    if waiting:
        count = counted(len(waiting), "proposal waits", "proposals wait")
        console.print(f"{count} for a decision: `leads contracts proposals`.", highlight=False)
    if decided:
        print_standing(console, decided)
    if alerts:
        print_unsent(console, *alerts)
    if digests:
        print_unsent_digests(console, *digests)
    print_unsent_webhooks(console, webhooks or [])
    if models:
        _print_models(console, models)


def _decided(paths: DataPaths) -> Standing | None:
    """Return how the decisions stand; None before the first publication, or where it lacks what is new."""
    from lead_enrichment.matching.decisions import standing
    from lead_enrichment.warehouse.reading import production

    if not paths.published.exists():
        return None
    try:
        with production(paths) as connection:
            return standing(connection, paths)
    except UsageError:
        return None


def _unsent_alerts(paths: DataPaths) -> tuple[list[AlertMessage], AlertSettings] | None:
    """Return the alerts that should be out and are not; None before the first publication, or without alerts.yaml."""
    from lead_enrichment.commands.alert import incidents_to_tell
    from lead_enrichment.quality.alert_settings import read_settings
    from lead_enrichment.quality.alerts import unsent

    if not paths.published.exists():
        return None
    now = datetime.now(UTC)
    try:
        settings = read_settings()
        return unsent(paths, incidents_to_tell(paths, now), settings, now), settings
    except UsageError:
        return None


def _unsent_digests(paths: DataPaths) -> tuple[list[UnsentDigest], AlertSettings] | None:
    """Return the digests that should be out and are not; None before the first publication, or where none is sent."""
    from lead_enrichment.quality.alert_settings import read_settings
    from lead_enrichment.quality.digest import month_before, read_digest, unsent_digests
    from lead_enrichment.warehouse.reading import production

    if not paths.published.exists():
        return None
    try:
        settings = read_settings()
        if not settings.digest:
            return None
        with production(paths) as connection:
            digest = read_digest(connection, month_before(datetime.now(UTC)))
        return unsent_digests(paths, digest, settings), settings
    except UsageError:
        return None


def _unsent_webhooks(paths: DataPaths) -> list[UnsentWebhooks] | None:
    """Return what targets should have and have not; None before the first publication, or without targets."""
    from lead_enrichment.warehouse.reading import production
    from lead_enrichment.webhooks.webhook_settings import read_targets

    if not paths.published.exists():
        return None
    try:
        targets = list(read_targets().values())
        if not targets:
            return None
        from lead_enrichment.webhooks.send import unsent_webhooks

        with production(paths) as connection:
            return unsent_webhooks(paths, connection, targets, datetime.now(UTC))
    except UsageError:
        return None


def _print_models(console: Console, models: list[dict[str, Any]]) -> None:
    """Show the slowest models of the newest run, those that failed, and those that took far longer than usual."""
    from lead_enrichment.hooks.model_run import FAILED, UNCHANGED

    unchanged = sum(row["status"] == UNCHANGED for row in models)
    begin = min(row["started_at"] for row in models)
    seconds = sum(row["seconds"] for row in models)
    console.print(
        f"Slowest of {counted(len(models), 'model')}, run of {begin:%Y-%m-%d %H:%M} UTC, {seconds:,.1f} s"
        + (f"; {unchanged} unchanged:" if unchanged else ":"),
        highlight=False,
        soft_wrap=True,
    )
    headings = numbers("Seconds", "Usual", "Rows", "Peak memory")
    table = Listing(*keys("Model"), *headings, box=SIMPLE, pad_edge=False)
    for row in models[:SLOWEST]:
        usual, rows, peak = row["usual_seconds"], row["row_count"], row["peak_memory_bytes"]
        table.add_row(
            row["model_name"], f"{row['seconds']:,.1f}", "" if usual is None else f"{usual:,.1f}",
            "" if rows is None else f"{rows:,}", "" if peak is None else f"{peak / 1e6:,.0f} MB",
        )  # fmt: skip
    console.print(table)
    for row in models:
        if row["status"] == FAILED:
            console.print(f"Failed: {row['model_name']}.", markup=False, highlight=False)
        if row["is_jump"]:
            console.print(
                f"Warning: {row['model_name']} took {row['seconds']:,.1f} s; usual is {row['usual_seconds']:,.1f} s.",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


def _of_source(contract: Contract, total: dict[str, Any], today: date) -> dict[str, Any]:
    """Return what a source delivered, and how late it is; `total` is empty where nothing ever came."""
    newest = total.get("newest_file_date")
    return {
        "source": contract.source_key,
        "files_loaded": total.get("loaded", 0),
        "newest_file_date": str(newest) if newest else None,
        "days_late": contract.days_late(newest, today),
        "rows_loaded": total.get("rows_loaded", 0),
        "rows_rejected": total.get("rows_rejected", 0),
        "files_repeated": total.get("repeated", 0),
        "files_refused": total.get("refused", 0),
    }
