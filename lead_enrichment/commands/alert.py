"""`leads alert`: tell people of incidents, by the ladders of alerts.yaml."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths, data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.quality.alert_settings import AlertSettings
    from lead_enrichment.quality.alerts import AlertMessage
    from lead_enrichment.quality.digest import UnsentDigest
    from lead_enrichment.warehouse.reading import Row

app = typer.Typer(help="Tell people of incidents, by the ladders of alerts.yaml.")
AS_JSON = Annotated[bool, typer.Option("--json", help="Print what became of each message as JSON.")]
TEST_TEXT = "A test of the channel {channel}: nothing is wrong, and nothing has to be done."


@app.callback(invoke_without_command=True)
def alert_command(
    context: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Try again what was given up.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Send what is due. Run it after each run, and every few minutes from cron.

    Each message is claimed in a ledger before it is sent and completed after:
    none is lost, and one that is sent twice bears the same key. What cannot
    be sent stays due, with longer and longer waits, until it is given up.
    Exit code 1 where a message could not be sent.
    """
    if context.invoked_subcommand is not None:
        return
    from lead_enrichment.quality.alert_settings import read_settings
    from lead_enrichment.quality.alerts import send_due, unsent
    from lead_enrichment.quality.incidents import now_utc

    with errors_as_sentences():
        paths = data_paths()
        settings = read_settings()
        told = incidents_to_tell(paths, now_utc())
        outcomes = send_due(paths, told, settings, now_utc, revive=again)
        left = unsent(paths, told, settings, now_utc())
    if as_json:
        print_json(
            {"messages": [{**_as_json(item.message), "problem": item.problem} for item in outcomes],
             "unsent": [_as_json(message) for message in left]}
        )  # fmt: skip
    else:
        console = Console(highlight=False)
        for item in outcomes:
            end = f"not sent: {item.problem}" if item.problem else "sent"
            console.print(f"{item.message.channel}: {item.message.title}: {end}.", markup=False, soft_wrap=True)
        sent = sum(item.problem is None for item in outcomes)
        console.print(f"{counted(sent, 'message')} sent.", markup=False)
        print_unsent(console, left, settings)
    if any(item.problem for item in outcomes) or any(message.is_given_up for message in left):
        raise typer.Exit(1)


def incidents_to_tell(paths: DataPaths, now: datetime) -> list[Row]:
    """Return the incidents of the published copy of which people are told."""
    from lead_enrichment.quality.alerts import needs_telling
    from lead_enrichment.quality.incidents import events_on_their_way, incidents
    from lead_enrichment.warehouse.reading import production

    with production(paths) as connection:
        coming = events_on_their_way(connection, paths)
        return [row for row in incidents(connection, now) if needs_telling(row, coming)]


def print_unsent(console: Console, left: list[AlertMessage], settings: AlertSettings) -> None:
    """Print which messages should be out and are not, and why."""
    dead = [message for message in left if message.is_given_up]
    waiting = [message for message in left if not message.is_given_up]
    silent = sorted({settings.channels[item.channel] for item in waiting if settings.address(item.channel) is None})
    if waiting:
        why = f" Set {', '.join(silent)}." if silent else ""
        count = counted(len(waiting), "alert is", "alerts are")
        console.print(f"{count} not sent yet.{why} See: leads alert", markup=False, soft_wrap=True)
    if dead:
        count = counted(len(dead), "alert was", "alerts were")
        sentence = f"{count} given up after {counted(settings.tries, 'try', 'tries')}. Again: leads alert --again"
        console.print(sentence, markup=False, soft_wrap=True)


def print_unsent_digests(console: Console, left: list[UnsentDigest], settings: AlertSettings) -> None:
    """Print which digests channels should have and have not, and why."""
    for item in left:
        told = f"The digest of {item.month:%Y-%m} to {item.channel}"
        command = f"leads alert digest --month {item.month:%Y-%m}"
        if item.is_given_up:
            tries = counted(settings.tries, "try", "tries")
            sentence = f"{told} was given up after {tries}. Again: {command} --again"
        else:
            why = "" if settings.address(item.channel) else f" Set {settings.channels[item.channel]}."
            sentence = f"{told} is not sent yet.{why} See: {command}"
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _as_json(message: AlertMessage) -> dict[str, Any]:
    return {
        "alert_key": message.alert_key, "incident_key": message.incident["incident_key"],
        "severity": message.incident["severity"], "step": message.step, "channel": message.channel,
        "due_at": message.due_at, "failures": message.failures, "is_given_up": message.is_given_up,
    }  # fmt: skip


@app.command("digest")
def digest_command(
    month: Annotated[
        str | None, typer.Option(help="Month, such as 2026-10; the one that was over last by default.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Try again what was given up.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Send the scorecard of the month that is over, as a table and a picture, to whom alerts.yaml names.

    Run it every day from cron: each channel gets a month once, and what cannot
    be sent is tried again. Exit code 1 where it could not be sent.
    """
    from lead_enrichment.quality.alert_settings import read_settings
    from lead_enrichment.quality.digest import month_before, read_digest, send_digest
    from lead_enrichment.quality.incidents import now_utc
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths()
        settings = read_settings()
        if not settings.digest:
            raise UsageError("alerts.yaml names nobody who gets the digest", "", "Add: digest: {to: [CHANNEL]}")
        with production(paths) as connection:
            digest = read_digest(connection, month_before(now_utc()) if month is None else _first_day(month))
        outcomes = send_digest(paths, digest, settings, now_utc, revive=again) if digest.current else []
    if as_json:
        messages = [
            {"alert_key": item.alert_key, "channel": item.channel, "problem": item.problem} for item in outcomes
        ]
        print_json({"month": digest.month, "messages": messages})
    else:
        for item in outcomes:
            end = f"not sent: {item.problem}" if item.problem else "sent"
            typer.echo(f"{item.channel}: {digest.title}: {end}.")
        if not digest.current:
            typer.echo(f"No delivery came in {digest.month:%Y-%m}: there is no scorecard to send.")
        elif not outcomes:
            typer.echo(f"{digest.title}: nothing is due.")
    if any(item.problem for item in outcomes):
        raise typer.Exit(1)


def _first_day(month: str) -> date:
    """Return the first day of a month.

    Raises:
        UsageError: The text is no month.
    """
    try:
        return datetime.strptime(month, "%Y-%m").date()
    except ValueError as error:
        raise UsageError(f"{month!r} is no month", "--month", "Write it like 2026-10.") from error


@app.command("test")
def test_command(
    channels: Annotated[
        list[str] | None, typer.Argument(metavar="[CHANNEL]...", help="Channels to test; all by default.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Check alerts.yaml, and send a test through each channel.

    Exit code 1 where one cannot be reached, 2 where the file is not as it has
    to be or a channel has no address.
    """
    from lead_enrichment.quality.alert_settings import read_settings
    from lead_enrichment.quality.alerts import send_by_apprise

    with errors_as_sentences():
        settings = read_settings()
        wanted = channels or list(settings.channels)
        for name in wanted:
            if name not in settings.channels:
                hint = f"There is {', '.join(settings.channels)}."
                raise UsageError(f"alerts.yaml has no channel {name}", "", hint)
        problems: dict[str, str | None] = {}
        missing = [name for name in wanted if settings.address(name) is None]
        for name in wanted:
            address = settings.address(name)
            problems[name] = (
                f"{settings.channels[name]} is not set"
                if address is None
                else send_by_apprise(address, "Test of alerts", TEST_TEXT.format(channel=name), "info")
            )
    if as_json:
        print_json(problems)
    else:
        for name, problem in problems.items():
            typer.echo(f"{name}: {problem or 'sent'}.")
    if missing:
        raise typer.Exit(2)
    if any(problems.values()):
        raise typer.Exit(1)
