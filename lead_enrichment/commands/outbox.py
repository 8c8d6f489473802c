"""`leads outbox`: what should change in other systems, what was sent, and what people say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.users import user_name
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.outbox.targets import SendReport
    from lead_enrichment.warehouse.reading import Row

app = typer.Typer(no_args_is_help=True, help="Send what is known here to other systems, and see what became of it.")
SALESFORCE = "salesforce"
LEAD = Annotated[str, typer.Argument(metavar="LEAD", help="Key of a lead, such as salesforce:00Q000000000001.")]
FIELD = Annotated[
    str, typer.Argument(metavar="FIELD", help="Field by its API name, such as Phone; '*' for a new lead.")
]
TARGET = Annotated[str, typer.Argument(metavar="TARGET", help="System that is written to, such as salesforce.")]
OF_TARGET = Annotated[str, typer.Option("--target", help="System that is written to.")]
ENVIRONMENT = Annotated[str | None, typer.Option("--env", help="As in `sqlmesh plan ENVIRONMENT`.")]
REASON = Annotated[str, typer.Option(help="Why; it is kept for ever.")]
BY = Annotated[str | None, typer.Option(help="Who does it; you by default.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
# Of what is shown in a table; --json has all of it.
LONGEST_VALUE = 60


@app.command("list")
def list_command(
    state: Annotated[str | None, typer.Option(help="Only those in a state, such as pending or rejected.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only create, update or merge.")] = None,
    field: Annotated[str | None, typer.Option(help="Only those of a field, such as Phone.")] = None,
    blocked: Annotated[bool | None, typer.Option("--blocked/--free", help="Only blocked ones, or the others.")] = None,
    to_review: Annotated[
        bool, typer.Option("--to-review", help="Only new leads that the system takes for duplicates.")
    ] = False,
    limit: Annotated[int, typer.Option(help="So many at most.", min=0)] = 20,
    env: ENVIRONMENT = None,
    as_json: AS_JSON = False,
) -> None:
    """Show what should change in other systems, what was sent, and why the rest is blocked.

    What was refused or met a person's edit comes first.
    """
    from lead_enrichment.outbox.stewardship import STATES, counts, list_changes
    from lead_enrichment.warehouse.reading import environment

    with errors_as_sentences():
        if state is not None and state not in STATES:
            raise UsageError(f"{state!r} is no state", "--state", f"Say one of {', '.join(STATES)}.")
        with environment(data_paths(create=False), env) as connection:
            total = counts(connection)
            number, found = list_changes(
                connection, limit, state=state, operation=operation, field=field, blocked=blocked,
                to_review=to_review or None,
            )  # fmt: skip
    if as_json:
        print_json({"counts": total, "number": number, "changes": found})
        return
    console = Console(highlight=False)
    if total:
        table = Listing("Target", "Operation", "State", "Standing", *numbers("Changes", "Leads"))
        for row in total:
            cells = (row["target"], row["operation"], row["state"], row["standing"])
            table.add_row(*cells, f"{row['changes']:,}", f"{row['leads']:,}")
        console.print(table)
    if found:
        console.print(_table(found))
    shown = f"{len(found):,} of {counted(number, 'change')} shown." if found else "No change is among these."
    console.print(f"{shown} All of one lead: leads outbox show LEAD", soft_wrap=True)


def _table(found: list[Row]) -> Listing:
    table = Listing(*keys("Lead"), "Field", "Now", "New", "State", "Why")
    for row in found:
        why = row["blocked_reason"] or row["message"] or row["reason"]
        state = "may be sent" if row["is_claimable"] and row["state"] == "pending" else row["state"]
        state = "blocked" if row["state"] == "pending" and row["blocked_reason"] else state
        field = row["operation"] if row["field"] == "*" else row["field"]
        table.add_row(
            row["lead_key"], field, _value(row["old_value"]), _value(row["new_value"]), state, Text(why or "")
        )
    return table


def _value(text: str | None) -> Text:
    whole = text or ""
    return Text(whole if len(whole) <= LONGEST_VALUE else f"{whole[:LONGEST_VALUE]}…")


@app.command("show")
def show_command(lead: LEAD, env: ENVIRONMENT = None, as_json: AS_JSON = False) -> None:
    """Show all of one lead: what is to be sent and why, which fields people own, what was ever said of it."""
    from lead_enrichment.outbox.stewardship import changes_of
    from lead_enrichment.warehouse.reading import environment

    with errors_as_sentences(), environment(data_paths(create=False), env) as connection:
        found, owned, events = changes_of(connection, lead.strip())
    if as_json:
        print_json({"changes": found, "edits_of_people": owned, "events": events})
        return
    console = Console(highlight=False)
    for row in found:
        now = f"{row['old_value']} -> " if row["old_value"] else ""
        console.print(f"{row['operation']} {row['field']}: {now}{row['new_value']}", soft_wrap=True)
        sure = f" Sure to {row['confidence']:.2f}." if row["confidence"] is not None else ""
        console.print(f"  {row['state']}. {row['reason']}. Policy {row['policy']}.{sure}", soft_wrap=True)
        if row["blocked_reason"]:
            console.print(f"  Blocked: {row['blocked_reason']}.", soft_wrap=True)
        if row["message"]:
            console.print(f"  Answer: {row['message']}", soft_wrap=True)
        if row["is_to_review"]:
            other = row["resembles_lead_key"] or "LEAD"
            console.print(f"  If they are the same: leads match decide {row['lead_key']} {other} same", soft_wrap=True)
            console.print(
                f"  If not, enter it in Salesforce, and: leads outbox withdraw {row['lead_key']} '*'", soft_wrap=True
            )
    for row in owned:
        state = "belongs to people" if row["is_owned"] else f"was released {row['released_at']:%Y-%m-%d}"
        change = f"{row['value_before'] or 'blank'} -> {row['value'] or 'blank'}"
        console.print(
            f"{row['field']} {state}: the extract of {row['edited_at']:%Y-%m-%d} shows {change}", soft_wrap=True
        )
    for row in events:
        value, answer = (
            f"{label}{row[name]}" if row[name] else "" for label, name in ((" ", "value"), (": ", "message"))
        )
        refused = f" (refused: {row['problem']})" if row["problem"] else ""
        who = f"{row['acted_at']:%Y-%m-%d %H:%M} {row['event'] or 'unknown'} {row['field']}{value} by {row['acted_by']}"
        console.print(f"{who}{answer}{refused}", soft_wrap=True)


@app.command("diff")
def diff_command(
    environments: Annotated[
        str, typer.Argument(metavar="ENV:prod", help="The environment to hold against production.")
    ],
    limit: Annotated[int, typer.Option(help="So many leads at most.", min=0)] = 20,
    as_json: AS_JSON = False,
) -> None:
    """Show lead by lead what an environment would send and production would not, or otherwise.

    Change a rule or a policy, run `sqlmesh plan dev`, then
    `leads outbox diff dev:prod`, and only then `sqlmesh plan`. Nothing is
    ever sent from another environment than production.
    """
    from lead_enrichment.outbox.stewardship import differences
    from lead_enrichment.warehouse.reading import warehouse

    with errors_as_sentences():
        after, _, before = environments.partition(":")
        if after == "prod" and before:
            after, before = before, after
        if not after or (before or "prod") == after:
            raise UsageError(f"{environments!r} names no two environments", "", "Write it like dev:prod.")
        paths = data_paths(create=False)
        with warehouse(paths) as connection:
            found = differences(connection, paths.warehouse.stem, before or "prod", after)
    if as_json:
        print_json({"number": len(found), "differences": found})
        return
    console = Console(highlight=False)
    if not found:
        console.print(f"{after} would send what {before or 'prod'} sends.")
        return
    table = Listing("Difference", *keys("Lead"), "Field", "Now", "Before", "After", "Why")
    for row in found[:limit]:
        field = row["operation"] if row["field"] == "*" else row["field"]
        values = (_value(row[name]) for name in ("old_value", "value_before", "value_after"))
        table.add_row(row["difference"], row["lead_key"], field, *values, Text(row["reason"] or ""))
    console.print(table)
    leads = len({row["lead_key"] for row in found})
    console.print(f"{counted(len(found), 'change')} of {counted(leads, 'lead')} would differ.", soft_wrap=True)


@app.command("release")
def release_command(
    reason: REASON,
    lead: Annotated[str | None, typer.Argument(metavar="[LEAD]", help="Lead of which a field is released.")] = None,
    field: Annotated[
        str | None, typer.Argument(metavar="[FIELD]", help="The field; '*' for a lead that was deleted.")
    ] = None,
    creates: Annotated[
        bool, typer.Option("--creates", help="Let the new leads pass that are too many at once.")
    ] = False,
    updates: Annotated[bool, typer.Option("--updates", help="Let the changes pass that are too many at once.")] = False,
    target: OF_TARGET = SALESFORCE,
    by: BY = None,
    as_json: AS_JSON = False,
) -> None:
    """Release a field that belongs to people, or let pass what is too much at once.

    It takes effect with the next run. What turns up later is held against the
    limits again.
    """
    from lead_enrichment.outbox.stewardship import approvals, release_of

    is_batch = creates or updates
    with errors_as_sentences():
        if is_batch == bool(lead and field) or (creates and updates):
            raise UsageError(
                "it is not clear what to release", "", "Name a LEAD and a FIELD, or one of --creates and --updates."
            )

        def events(connection: Any, who: str, why: str) -> list[Any]:
            if is_batch:
                what = "creates" if creates else "updates"
                found = list(approvals(connection, target, what, who, why))
                if not found:
                    raise UsageError(f"no {what} wait for a release", target, "See: leads outbox list --blocked")
                return found
            return [release_of(connection, target, str(lead).strip(), str(field).strip(), who, why)]

        _submit(events, by, reason, "released", as_json)


@app.command("withdraw")
def withdraw_command(
    lead: LEAD, field: FIELD, reason: REASON, target: OF_TARGET = SALESFORCE, by: BY = None, as_json: AS_JSON = False
) -> None:
    """Say that a change is never sent; another value of the field is another change."""
    from lead_enrichment.outbox.stewardship import withdrawal_of

    with errors_as_sentences():
        _submit(
            lambda connection, who, why: [withdrawal_of(connection, target, lead.strip(), field.strip(), who, why)],
            by, reason, "withdrawn", as_json,
        )  # fmt: skip


def _submit(
    events: Callable[[Any, str, str], list[Any]], by: str | None, reason: str, done: str, as_json: bool
) -> None:
    from lead_enrichment.outbox.ledger import submit
    from lead_enrichment.warehouse.reading import production

    paths = data_paths()
    who, why = (" ".join(text.split()) for text in (user_name() if by is None else by, reason))
    if not who or not why:
        raise UsageError("the reason or the name of who does it is empty", "", "Others will ask: say who, and why.")
    with production(paths) as connection:
        made = events(connection, who, why)
    file = submit(paths, made)
    if as_json:
        print_json({"events": len(made), "file": str(file)})
        return
    typer.echo(f"{counted(len(made), 'change')} will be {done}.")
    typer.echo(f"It waits as {file.relative_to(paths.root)} and is taken in with the next run: make refresh")


@app.command("send")
def send_command(
    target: TARGET,
    really: Annotated[bool, typer.Option("--send", help="Send; without it, only what would be sent is shown.")] = False,
    limit: Annotated[int | None, typer.Option(help="So many records at most.", min=1)] = None,
    env: ENVIRONMENT = None,
    as_json: AS_JSON = False,
) -> None:
    """Send what may be sent, or without --send show what that is.

    Each change is claimed on the disk before it is sent. Exit code 1 where
    something was refused, met a person's edit, or was not answered.
    """
    from lead_enrichment.outbox.changes import refuse_other_environments

    with errors_as_sentences():
        refuse_other_environments(env)
        with _sender(target, as_json) as (sender, outbox, paths, progress):
            report = sender.send(outbox, paths, is_dry_run=not really, limit=limit, progress=progress)
    _print_report(report, as_json)


@app.command("resume")
def resume_command(target: TARGET, env: ENVIRONMENT = None, as_json: AS_JSON = False) -> None:
    """Find out what became of changes that were claimed and never answered; send nothing new.

    Exit code 1 where some are still not answered, or were refused.
    """
    from lead_enrichment.outbox.changes import refuse_other_environments

    with errors_as_sentences():
        refuse_other_environments(env)
        with _sender(target, as_json) as (sender, outbox, paths, progress):
            report = sender.resume(outbox, paths, progress=progress)
    _print_report(report, as_json)


@contextmanager
def _sender(target: str, is_silent: bool) -> Iterator[tuple[Any, Any, Any, Callable[[int, int | None], None]]]:
    """Return the sender of a target, the outbox, the data directory, and a progress bar, under the target's lock."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from lead_enrichment.outbox.changes import open_outbox
    from lead_enrichment.outbox.ledger import only_sender
    from lead_enrichment.outbox.targets import load_target

    sender, paths = load_target(target), data_paths()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=is_silent)
    with only_sender(paths, target), open_outbox(paths) as outbox, bar:
        task = bar.add_task(f"Changes for {target}", total=None)

        def progress(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield sender, outbox, paths, progress


def _print_report(report: SendReport, as_json: bool) -> None:
    failed = sum(report.outcomes.get(name, 0) for name in ("rejected", "conflict"))
    if as_json:
        print_json(asdict(report))
    else:
        console = Console(highlight=False)
        for lead_key, values in report.samples.items():
            told = ", ".join(f"{name} = {value}" for name, value in values.items())
            console.print(f"{lead_key}: {told}", soft_wrap=True)
        verb = "would be sent" if report.is_dry_run else "claimed"
        ends = "".join(f", {number:,} {name}" for name, number in sorted(report.outcomes.items()) if number)
        left = f", {report.unanswered:,} not answered yet" if report.unanswered else ""
        console.print(f"{counted(report.claimed, 'change')} {verb}{ends}{left}.", soft_wrap=True)
        for sentence in report.sentences:
            console.print(sentence, soft_wrap=True)
        if report.is_dry_run and report.claimed:
            console.print("Nothing was sent. To send it: --send", soft_wrap=True)
    if not report.is_dry_run and (failed or report.unanswered):
        raise typer.Exit(1)
