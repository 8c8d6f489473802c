"""`leads archive`: what the archive holds, getting it back, and letting the oldest go."""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.ingest.archive import Entry, Verdict

# A terminal holds no more, and laying 10,000 rows out takes half a minute.
MOST_LISTED = 100

app = typer.Typer(
    no_args_is_help=True, help="List, restore and prune the original files of the deliveries that were loaded."
)


@app.command("list")
def list_command(
    source: Annotated[str | None, typer.Option(help="Only deliveries of this source.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="List all of them, not the newest 100 only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list, always whole, as JSON.")] = False,
) -> None:
    """List the archived deliveries, the newest 100, the newest last, with their sizes and states."""
    from lead_enrichment.contracts import contracts
    from lead_enrichment.ingest.archive import entries

    with errors_as_sentences():
        if source is not None and source not in contracts():
            near = get_close_matches(source, contracts(), n=1)
            hint = f"Did you mean {near[0]}?" if near else f"The sources are {', '.join(contracts())}."
            raise UsageError(f"there is no source '{source}'", "", hint)
        found = [item for item in entries(data_paths()) if source in (None, item.source_key)]
    if as_json:
        print_json([_as_json(item) for item in found])
        return
    console = Console(highlight=False)
    if not found:
        console.print("The archive is empty.")
        return
    table = Listing(
        *keys("Id", "Source", "File", "File date", "Received"), *numbers("Original", "Stored"), *keys("State")
    )
    shown = found if everything else found[-MOST_LISTED:]
    for item in shown:
        state = f"pruned {item.pruned_at:%Y-%m-%d}" if item.state == "pruned" else item.state
        table.add_row(
            item.file_id[:12], item.source_key or "", item.file_name or "", str(item.file_date or ""),
            f"{item.received_at:%Y-%m-%d %H:%M}" if item.received_at else "",
            _size(item.file_bytes), _size(item.archived_bytes), state,
        )  # fmt: skip
    console.print(table)
    original = sum(item.file_bytes or 0 for item in found if item.archived_bytes is not None)
    stored = sum(item.archived_bytes or 0 for item in found)
    count = counted(len(found), "delivery", "deliveries")
    console.print(f"{count}; {_size(original)} bytes are stored as {_size(stored)}.")
    if len(shown) < len(found):
        console.print(f"The newest {len(shown):,} are shown; --all lists every one.")


@app.command("verify")
def verify_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print what is wrong as JSON.")] = False,
) -> None:
    """Compare every archived file with its SHA-256. Exit code 1 where one is damaged or missing."""
    from lead_enrichment.ingest.archive import entries, verify

    console = Console(highlight=False)
    with errors_as_sentences():
        paths = data_paths()
        known = entries(paths)
        wrong = verify(paths, known)
    if as_json:
        print_json([{**_as_json(entry), "problem": problem} for entry, problem in wrong])
    else:
        for entry, problem in wrong:
            console.print(f"{entry.source_key or ''}/{entry.file_name or entry.file_id}: {problem}", soft_wrap=True)
        count = counted(sum(item.archived_bytes is not None for item in known), "archived file")
        console.print(f"{count} read, {len(wrong):,} damaged or missing.")
    if wrong:
        raise typer.Exit(1)


@app.command("restore")
def restore_command(
    delivery: Annotated[str, typer.Argument(help="Id, beginning of an id, file name, or source/file name.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write into.")] = Path(),
) -> None:
    """Write the original file of a delivery, its bytes checked. No file is overwritten.

    Exit code 1 where the archive no longer has the bytes, or they are damaged.
    """
    from lead_enrichment.ingest.archive import find, restore

    with errors_as_sentences():
        paths = data_paths()
        entry = find(delivery, paths)
        target = restore(entry, to, paths)
    Console(highlight=False).print(f"{target}: {target.stat().st_size:,} bytes, as delivered.", soft_wrap=True)


@app.command("prune")
def prune_command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would go, and why the rest stays.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict on each file as JSON.")] = False,
) -> None:
    """Remove files whose retention is over and that nothing needs; each is entered in bronze.archive_event.

    A contract states the retention in its slaProperties; without one, files are kept for ever. A file stays where a
    restatement needs it: its rows in bronze are incomplete, or it is the newest effective delivery of its source, or
    the full snapshot before that.
    """
    from lead_enrichment.ingest.archive import prune

    with errors_as_sentences():
        paths = data_paths()
        judged = prune(paths, datetime.now(UTC).date(), dry_run)
    if as_json:
        files = [{**_as_json(item.entry), "goes": item.goes, "reason": item.reason} for item in judged]
        print_json({"dry_run": dry_run, "files": files})
        return
    console = Console(highlight=False)
    going = [item for item in judged if item.goes]
    shown = judged if dry_run else going
    if shown:
        console.print(_verdict_table(shown, dry_run))
    size = _size(sum(item.entry.archived_bytes or 0 for item in going))
    stay = len(judged) - len(going)
    if dry_run:
        console.print(f"{counted(len(going), 'file')} of {size} bytes would go, {stay:,} stay. Nothing was changed.")
    else:
        console.print(f"{counted(len(going), 'file')} of {size} bytes went, {stay:,} stay; --dry-run says why.")


def _verdict_table(judged: list[Verdict], dry_run: bool) -> Listing:
    table = Listing(*keys("Id", "Source", "File", "Received"), *numbers("Stored"), *keys("Verdict"), "Why")
    for item in judged:
        entry = item.entry
        verdict = ("would go" if dry_run else "went") if item.goes else "stays"
        table.add_row(
            entry.file_id[:12], entry.source_key or "", entry.file_name or "",
            f"{entry.received_at:%Y-%m-%d}" if entry.received_at else "", _size(entry.archived_bytes),
            verdict, item.reason,
        )  # fmt: skip
    return table


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "file_id": entry.file_id,
        "source": entry.source_key,
        "file": entry.file_name,
        "file_date": str(entry.file_date) if entry.file_date else None,
        "received_at": entry.received_at.isoformat() if entry.received_at else None,
        "file_bytes": entry.file_bytes,
        "archived_bytes": entry.archived_bytes,
        "state": entry.state,
        "pruned_at": entry.pruned_at.isoformat() if entry.pruned_at else None,
    }


def _size(size: int | None) -> str:
    return "" if size is None else f"{size:,}"
