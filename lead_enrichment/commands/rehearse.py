"""`leads rehearse`: see what a doubtful file would do to production before it is let in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import DataError, UsageError
from lead_enrichment.paths import data_paths, write_text_whole
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.preview.difference import Count, LeadChange, Sample
    from lead_enrichment.preview.rehearsal import Report

TEMPLATES = Path(__file__).parents[1] / "templates"
# What the counts by source are called.
TITLES = {
    "leads": "Live leads",
    "gone": "Gone",
    "duplicates": "Duplicates",
    "matched": "Matched",
    "to_review": "To review",
    "net_new": "Net-new",
}


def rehearse_command(
    file: Annotated[str, typer.Argument(help="The file, in quarantine or anywhere; or the id of a kept rehearsal.")],
    source: Annotated[str | None, typer.Option(help="Whose file it is; by default that of its folder's name.")] = None,
    alias: Annotated[
        list[str] | None,
        typer.Option(help="'<delivered header>=<column>': read this header as that column. May be repeated."),
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="Why it is right although it breaks a limit of its contract.")
    ] = None,
    accept_file: Annotated[
        bool, typer.Option("--accept", help="Let the rehearsed file in, with its aliases, and remove the copy.")
    ] = False,
    drop_copy: Annotated[bool, typer.Option("--drop", help="Remove the copy and every trace of it.")] = False,
    progress: Annotated[
        Path | None, typer.Option(help="Write each step into this file as it begins, for who waits elsewhere.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Show what production would become with a file, tried in an isolated copy. Exit code 1 where it is refused."""
    from lead_enrichment.preview.rehearsal import (
        accept,
        discard,
        finish,
        kept_rehearsal,
        only_rehearsal,
        plan_rehearsal,
        rehearse,
    )

    console = Console(highlight=False)
    with errors_as_sentences():
        if accept_file and drop_copy:
            raise UsageError("--accept and --drop exclude each other", "leads rehearse", "Give one of them.")
        aliases = _aliases(alias or [])
        paths = data_paths()
        with only_rehearsal(paths) as lock:
            if accept_file or drop_copy:
                plan = kept_rehearsal(paths, file)
                if plan is None:
                    remedy = "There is nothing to remove." if drop_copy else f"Run: leads rehearse {file}"
                    raise UsageError("no rehearsal of it is kept", file, remedy)
                if drop_copy:
                    discard(paths, plan)
                    _say(console, as_json, {"status": "dropped"}, f"Dropped: the copy for {plan.file_name} is gone.")
                    return
                if aliases and aliases != plan.aliases:
                    raise UsageError(
                        "the aliases are not those that were rehearsed", plan.file_name, "Rehearse it with them first."
                    )
                landed = accept(paths, plan)
                changed = "".join(f" {header!r} now means {column}." for column, header in plan.aliases.items())
                commit = f" Commit contracts/{plan.source_key}.yaml." if plan.aliases else ""
                _say(
                    console,
                    as_json,
                    {"status": "accepted", "file": str(landed), "aliases": plan.aliases},
                    f"Accepted: {plan.file_name} lies in {landed.parent}.{changed}{commit} Next: make refresh.",
                )
                return
            plan = plan_rehearsal(Path(file), source, aliases, release)
            try:
                with Console(stderr=True).status("") as status:

                    def begin(step: str) -> None:
                        status.update(f"{step} …")
                        if progress:
                            write_text_whole(progress, step)

                    report = rehearse(paths, plan, lock, begin)
            except DataError as error:
                if as_json:
                    print_json({"status": "refused", "reason": str(error)})
                    raise typer.Exit(1) from error
                raise
            finish(report, page(report))
    if as_json:
        print_json(report.document())
    else:
        _print(console, report)


def page(report: Report) -> str:
    """Return a report as an HTML page that needs nothing but itself."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from lead_enrichment.preview.difference import KINDS

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("rehearsal.html").render(
        report=report, titles={**KINDS, **TITLES}, measures=list(TITLES)
    )


def _aliases(texts: list[str]) -> dict[str, str]:
    """Return the header by column that `--alias` names."""
    aliases: dict[str, str] = {}
    for text in texts:
        header, equals, column = (part.strip() for part in text.rpartition("="))
        if not equals or not header or not column:
            raise UsageError(
                f"--alias {text!r} names no header and column", "leads rehearse", "Write '<header>=<column>'."
            )
        if column in aliases:
            raise UsageError(f"--alias names the column {column} twice", "leads rehearse", "Give one header for it.")
        aliases[column] = header
    return aliases


def _say(console: Console, as_json: bool, document: dict[str, object], sentence: str) -> None:
    if as_json:
        print_json(document)
    else:
        console.print(sentence, markup=False, soft_wrap=True)


def _print(console: Console, report: Report) -> None:
    from lead_enrichment.preview.difference import MEASURES
    from lead_enrichment.preview.rehearsal import PAGE

    difference = report.difference
    console.print(
        f"{report.plan.file_name} as {report.plan.source_key}: {counted(report.rows_loaded, 'row')} loaded, "
        f"{report.rows_rejected:,} rejected. Production is as it was; with this file it would become:",
        markup=False,
        soft_wrap=True,
    )
    for column, header in report.plan.aliases.items():
        console.print(f"The header {header!r} was read as the column {column}.", markup=False, soft_wrap=True)
    for notice in report.notices:
        console.print(f"Notice: {notice}.", markup=False, soft_wrap=True)
    table = Listing("Source", *numbers(*(TITLES[name] for name in MEASURES)), title="Counts by source")
    for source, counts in difference.sources.items():
        table.add_row(source, *(_count(counts[name]) for name in MEASURES))
    console.print(table)
    if difference.is_empty:
        console.print("No lead would change.")
    for title, changes in (("Leads", difference.leads), ("Flags", difference.flags)):
        if any(change.leads for change in changes):
            console.print(_samples(title, changes))
    if difference.attributes:
        table = Listing(
            "Attribute", *numbers("Leads"), "For example", title="Attributes that differ, of leads known before"
        )
        for change in difference.attributes:
            table.add_row(change.what, f"{change.leads:,}", _line(change.samples[0]))
        console.print(table)
    rows = [(name, count) for name, count in difference.models.items() if count.before != count.after]
    if rows:
        table = Listing(*keys("Model"), *numbers("Rows"), title="Rows by model")
        for name, count in rows:
            table.add_row(name, _count(count))
        console.print(table)
    console.print(
        f"As a page, with all samples: {report.folder / PAGE}\n"
        f"Rehearsed in {report.seconds:,} seconds. Next: `leads rehearse {report.plan.rehearsal_id} --accept` lets the "
        "file in, `--drop` removes the copy.",
        markup=False,
        soft_wrap=True,
    )


def _samples(title: str, changes: tuple[LeadChange, ...]) -> Listing:
    from lead_enrichment.preview.difference import KINDS

    table = Listing("What", *numbers("Leads"), "For example", title=title)
    for change in changes:
        if change.leads:
            heading = KINDS.get(change.what, change.what)
            table.add_row(heading, f"{change.leads:,}", "\n".join(_line(sample) for sample in change.samples))
            table.add_section()
    return table


def _line(sample: Sample) -> str:
    lead = f"{sample.lead_key} {sample.name or ''}".strip()
    return f"{lead}: {_value(sample.before)} → {_value(sample.after)}"


def _count(count: Count) -> str:
    if count.before == count.after:
        return f"{count.before:,}"
    return f"{count.before:,} → {count.after:,}"


def _value(value: str | None) -> str:
    return "(empty)" if value is None else value
