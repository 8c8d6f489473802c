"""`leads incidents`: what is wrong with the data now, and what people do about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.users import user_name
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.warehouse.reading import Row

app = typer.Typer(help="Show what is wrong with the data, and say what is done about it.")
KEY = Annotated[str, typer.Argument(metavar="KEY", help="Key of an incident, or the beginning of one.")]
REASON = Annotated[str, typer.Option(help="Why; it is shown wherever the incident is.")]
BY = Annotated[str | None, typer.Option(help="Who does it; you by default.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
DURATION = re.compile("([1-9][0-9]*)([hdw])")
UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@app.callback(invoke_without_command=True)
def incidents_command(
    context: typer.Context,
    show_all: Annotated[bool, typer.Option("--all", help="Show those that are muted or resolved, too.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Show the incidents that are not resolved, the most severe first.

    One that a problem upstream explains is muted: it is listed in that one.
    Exit code 1 where an incident is open that nobody has acknowledged or
    snoozed.
    """
    if context.invoked_subcommand is not None:
        return
    from lead_enrichment.quality.incidents import events_on_their_way, incidents, now_utc, refused_events
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths(create=False)
        with production(paths) as connection:
            found = incidents(connection, now_utc())
            coming = events_on_their_way(connection, paths)
            refused = refused_events(connection)
    shown = [row for row in found if show_all or not (row["state"] == "resolved" or row["muted_by"])]
    is_open = any(row["state"] == "open" and not row["muted_by"] for row in found)
    if as_json:
        print_json({"incidents": shown, "events_refused": refused, "events_waiting": coming})
        raise typer.Exit(1 if is_open else 0)
    console = Console(highlight=False)
    if shown:
        table = Listing(*keys("Incident"), "Severity", "State", *keys("Since"), "Problem")
        for row in shown:
            since = row["opened_at"] or row["resolved_at"]
            state = f"muted by {row['muted_by']}" if row["muted_by"] else row["state"]
            table.add_row(
                row["incident_key"], row["severity"], _with_coming(state, coming.get(row["incident_key"])),
                f"{since.astimezone(UTC):%Y-%m-%d}", Text(_title(row)),
            )  # fmt: skip
        console.print(table)
    for row in refused:
        sentence = f"Refused: {row['file_name']}, row {row['row_number']:,}: {row['problem']}."
        console.print(sentence, markup=False, soft_wrap=True)
    muted = sum(bool(row["muted_by"]) for row in found)
    hidden = "" if show_all or not muted else f" {counted(muted, 'more is', 'more are')} muted: --all shows them."
    console.print(f"{counted(len(shown), 'incident')}.{hidden} One whole: leads incidents show KEY", soft_wrap=True)
    raise typer.Exit(1 if is_open else 0)


@app.command("show")
def show_command(key: KEY, as_json: AS_JSON = False) -> None:
    """Show one incident whole: cause, remedy, what it affects, and what people did about it."""
    from lead_enrichment.quality.incidents import events_of, events_on_their_way, find_incident, incidents, now_utc
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths(create=False)
        with production(paths) as connection:
            found = incidents(connection, now_utc())
            row = find_incident(found, key)
            events = events_of(connection, row["incident_key"])
            coming = events_on_their_way(connection, paths).get(row["incident_key"])
    muted = [other for other in found if other["muted_by"] == row["incident_key"]]
    if as_json:
        print_json({**row, "events": events, "muted": muted, "event_waiting": coming})
        return
    console = Console(highlight=False)
    console.print(_title(row), style="bold", markup=False)
    console.print(f"{row['severity']}, {_with_coming(row['state'], coming)}", markup=False)
    for line in _lines(row, events, muted):
        console.print(Padding(Text(line), (0, 0, 0, 2)))


def _title(row: Row) -> str:
    place = f"{row['source_key']}: " if row["source_key"] else ""
    return f"{place}{row['cause'] or row['name']}"


def _with_coming(state: str, action: str | None) -> str:
    return f"{state} ({action} waits)" if action else state


def _lines(row: Row, events: list[Row], muted: list[Row]) -> list[str]:
    """Return what there is to say of an incident, in sentences."""
    about = f" of {row['source_key']}" if row["source_key"] else ""
    lines = [
        f"{row['kind'].capitalize()} {row['name']} on {row['object_name']}{about}.",
        f"Seen first {_time(row['first_seen_at'])}, last {_time(row['last_seen_at'])}.",
    ]
    if row["resolved_at"]:
        lines.append(f"Resolved {_time(row['resolved_at'])}.")
    if row["snoozed_until"]:
        lines.append(f"Snoozed until {_time(row['snoozed_until'])}.")
    if row["affected_leads"] is not None:
        lines.append(f"Affects {counted(row['affected_leads'], 'lead')} or rows.")
    if row["affected_models"]:
        lines.append(f"Built from it: {', '.join(row['affected_models'].split())}.")
    lines.append(f"Remedy, for {row['owner']}: {row['remedy']}")
    if row["muted_by"]:
        lines.append(f"Muted: {row['muted_by']} explains it.")
    lines += [f"Mutes {other['incident_key']}: {_title(other)}" for other in muted]
    lines += [
        f"{_time(event['acted_at'])} {event['action'] or 'unknown'} by {event['acted_by']}: {event['reason']}"
        + ("" if event["outcome"] == "applied" else f" ({_without_effect(event)})")
        for event in events
    ]
    return lines


def _without_effect(event: Row) -> str:
    return f"{event['outcome']}: {event['remark']}" if event["remark"] else str(event["outcome"])


def _time(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"


@app.command("ack")
def ack_command(key: KEY, reason: REASON, by: BY = None, as_json: AS_JSON = False) -> None:
    """Say that somebody sees to it: nobody else is told of it any more."""
    _submit(key, "ack", reason, by, None, as_json)


@app.command("snooze")
def snooze_command(
    key: KEY,
    reason: REASON,
    until: Annotated[str, typer.Option(help="Until when: 2026-12-01, 2026-12-01T09:00 (UTC), 4h, 3d or 2w.")],
    by: BY = None,
    as_json: AS_JSON = False,
) -> None:
    """Let nobody be told until a time; from then on it is open again."""
    _submit(key, "snooze", reason, by, until, as_json)


@app.command("resolve")
def resolve_command(key: KEY, reason: REASON, by: BY = None, as_json: AS_JSON = False) -> None:
    """Say that it is mended. Where the next delivery shows it again, the same incident is open again."""
    _submit(key, "resolve", reason, by, None, as_json)


@app.command("reopen")
def reopen_command(key: KEY, reason: REASON, by: BY = None, as_json: AS_JSON = False) -> None:
    """Undo a resolve, by hand or by a clean delivery."""
    _submit(key, "reopen", reason, by, None, as_json)


def _submit(key: str, action: str, reason: str, by: str | None, until: str | None, as_json: bool) -> None:
    from lead_enrichment.quality.incidents import RESULT, find_incident, incidents, make_event, now_utc, submit_event
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths()
        now = now_utc()
        end = None if until is None else _end(until, now)
        with production(paths) as connection:
            row = find_incident(incidents(connection, now), key)
        event = make_event(row, action, user_name() if by is None else by, reason, now, end)
        target = submit_event(paths, event)
    if as_json:
        document: dict[str, Any] = {"incident_key": event.incident_key, "action": action, "file": str(target)}
        print_json(document)
        return
    typer.echo(f"{event.incident_key} will be {RESULT[action]}: {_title(row)}")
    typer.echo(f"It waits as {target.relative_to(paths.root)} and is taken in with the next run: make refresh")


def _end(text: str, now: datetime) -> datetime:
    """Return the time until which a snooze lasts.

    Raises:
        UsageError: The text is no time.
    """
    if span := DURATION.fullmatch(text.strip()):
        return now + timedelta(**{UNITS[span[2]]: min(int(span[1]), 10_000)})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"{text!r} is no time", "--until", "Write it like 2026-12-01, 4h, 3d or 2w.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
