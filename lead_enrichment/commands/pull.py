"""`leads pull`: fetch a source instead of waiting for its file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

app = typer.Typer(help="Fetch a source into landing, instead of waiting for its file.", no_args_is_help=True)


@app.callback()
def pull_command() -> None:
    """Fetch a source into landing, instead of waiting for its file."""


@app.command("salesforce")
def salesforce_command(
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Fetch what changed from this day on, as 2026-11-01 (UTC).")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Fetch all leads; so does the first time.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was fetched as JSON.")] = False,
) -> None:
    """Fetch the leads that changed since the last time, deleted ones too.

    They land as one file, as if a person had put it there; the next run takes
    it in. A fetch that was broken off goes on where it was. Settings come
    from the environment: docs/salesforce.md.
    """
    from rich.status import Status

    from lead_enrichment.salesforce.client import ApiError, Client
    from lead_enrichment.salesforce.pull import pull
    from lead_enrichment.salesforce.settings import read_settings

    with errors_as_sentences():
        try:
            first = None if since is None else date.fromisoformat(since)
        except ValueError as error:
            raise UsageError(f"{since!r} is no day", "--since", "Write it like 2026-11-01.") from error
        if first and full:
            raise UsageError("--since and --full exclude each other", "", "Give one of them.")
        paths = data_paths()
        client = Client(read_settings())
        with Status("Salesforce", console=Console(stderr=True)) as status:

            def tell(what: str, rows: int) -> None:
                status.update(f"Salesforce: {what}" + (f", {counted(rows, 'lead')}" if rows else ""))

            try:
                pulled = pull(client, paths, first, full, tell)
            except ApiError as error:
                raise UsageError(
                    f"Salesforce refused it: {error}", client.address, "See docs/salesforce.md."
                ) from error
    if as_json:
        file = None if pulled.file is None else str(pulled.file)
        print_json({"rows": pulled.rows, "since": pulled.since, "until": pulled.until, "file": file})
        return
    since_when = "All leads" if pulled.since is None else f"Changes since {_time(pulled.since)}"
    console = Console(highlight=False)
    console.print(f"{since_when} up to {_time(pulled.until)}: {counted(pulled.rows, 'lead')}.", soft_wrap=True)
    if pulled.file is not None:
        place = pulled.file.relative_to(paths.root)
        console.print(f"They wait as {place} and are taken in with the next run: make refresh", soft_wrap=True)
    if client.usage is not None:
        used, allowed = client.usage
        console.print(f"{used:,} of {allowed:,} requests of the day are used.", soft_wrap=True)


def _time(text: str) -> str:
    return f"{text[:10]} {text[11:16]} UTC"
