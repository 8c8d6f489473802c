"""`leads feed`: write files for those who load files."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

app = typer.Typer(help="Write the feeds of feeds.yaml: CSV and Parquet with a manifest.", no_args_is_help=True)
AS_JSON = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.command("write")
def write_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Feeds to write; all by default.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Write feeds from the published copy, each whole or not at all.

    A folder a writing, with manifest.json; `latest` names the newest. Run it
    after each run of the models, from cron.
    """
    from lead_enrichment.feeds.feed_settings import find_feed, read_feeds
    from lead_enrichment.feeds.write import write_feed

    with errors_as_sentences():
        paths = data_paths()
        feeds = read_feeds()
        wanted = [find_feed(feeds, name) for name in names] if names else list(feeds.values())
        console, found = Console(highlight=False), []
        for feed in wanted:
            with Console(stderr=True).status(f"Writing {feed.name}"):
                done = write_feed(paths, feed)
            found.append(done)
            if not as_json:
                files = ", ".join(f"{name} ({size:,} bytes)" for name, size in done.files.items())
                console.print(
                    f"{feed.name}: {counted(done.rows, 'row')} in {done.folder}: {files}.", markup=False, soft_wrap=True
                )
    if as_json:
        print_json(
            [{"feed": item.feed, "folder": item.folder, "rows": item.rows, "files": item.files} for item in found]
        )


@app.command("list")
def list_command(as_json: AS_JSON = False) -> None:
    """Show the feeds, and when each was written last."""
    from lead_enrichment.feeds.feed_settings import read_feeds
    from lead_enrichment.feeds.write import written

    with errors_as_sentences():
        paths = data_paths()
        found: list[dict[str, Any]] = [
            {"feed": feed.name, "model": feed.model, "folder": feed.place(paths), "keep": feed.keep,
             "written": written(feed.place(paths)), "description": feed.description}
            for feed in read_feeds().values()
        ]  # fmt: skip
    if as_json:
        print_json(found)
        return
    for item in found:
        last = item["written"][-1] if item["written"] else "never"
        typer.echo(f"{item['feed']}: {item['model']}, written last: {last}. {item['folder']}")
