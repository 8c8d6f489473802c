"""`leads webhooks`: tell other systems what happened, by webhooks.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    from lead_enrichment.webhooks.send import UnsentWebhooks

app = typer.Typer(help="Tell other systems what happened, by webhooks.yaml.", no_args_is_help=True)
AS_JSON = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]
TARGET = Annotated[str, typer.Argument(metavar="TARGET", help="Name of a target of webhooks.yaml.")]


@app.command("send")
def send_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="[TARGET]...", help="Targets; all by default.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Try again what was given up.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Send what is due. Run it after each run of the models, and every few minutes from cron.

    Each message is claimed in a ledger before it is sent and completed after:
    none is lost, and one that is sent twice bears the same id. What cannot be
    sent is tried again after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.
    Exit code 1 where something could not be sent.
    """
    from lead_enrichment.quality.incidents import now_utc
    from lead_enrichment.warehouse.reading import production
    from lead_enrichment.webhooks.send import send_webhooks, unsent_webhooks
    from lead_enrichment.webhooks.webhook_settings import find_target, read_targets

    with errors_as_sentences():
        paths = data_paths()
        targets = read_targets()
        wanted = [find_target(targets, name) for name in names] if names else list(targets.values())
        with production(paths) as connection:
            outcomes = send_webhooks(paths, connection, wanted, now_utc, revive=again)
            left = unsent_webhooks(paths, connection, wanted, now_utc())
    failed = [item for item in outcomes if item.result.problem]
    if as_json:
        print_json({
            "messages": [
                {"target": item.target, "message_id": item.message.message_id, "type": item.message.type,
                 "subject": item.message.subject, "status": item.result.status, "problem": item.result.problem}
                for item in outcomes
            ],
            "unsent": unsent_as_json(left),
        })  # fmt: skip
    else:
        console = Console(highlight=False)
        for item in failed:
            console.print(
                f"{item.target}: {item.message.type} of {item.message.subject}: not sent: {item.result.problem}.",
                markup=False, soft_wrap=True,
            )  # fmt: skip
        console.print(f"{counted(len(outcomes) - len(failed), 'message')} sent.", markup=False)
        print_unsent_webhooks(console, left)
    if failed or any(item.given_up or item.problem for item in left):
        raise typer.Exit(1)


@app.command("test")
def test_command(name: TARGET, as_json: AS_JSON = False) -> None:
    """Send a message of the type `test` to a target. Exit code 1 where it does not take it."""
    from lead_enrichment.quality.incidents import now_utc
    from lead_enrichment.webhooks.send import send_test
    from lead_enrichment.webhooks.webhook_settings import find_target, read_targets

    with errors_as_sentences():
        result = send_test(find_target(read_targets(), name), now_utc)
    if as_json:
        print_json({"target": name, "status": result.status, "problem": result.problem})
    else:
        typer.echo(f"{name}: {result.problem or f'sent, and answered {result.status}'}.")
    if result.problem:
        raise typer.Exit(1)


@app.command("enable")
def enable_command(name: TARGET) -> None:
    """Call a target again that said it is gone (410), or asked to be left alone."""
    from lead_enrichment.quality.incidents import now_utc
    from lead_enrichment.webhooks.send import enable
    from lead_enrichment.webhooks.webhook_settings import find_target, read_targets

    with errors_as_sentences():
        was = enable(data_paths(), find_target(read_targets(), name), now_utc)
    typer.echo(f"{name} {'is called again with the next: leads webhooks send' if was else 'was not disabled'}.")


@app.command("secret")
def secret_command() -> None:
    """Print a new secret, for the receiver and for a variable of webhooks.yaml."""
    from lead_enrichment.webhooks.webhook_settings import new_secret

    typer.echo(new_secret())


def print_unsent_webhooks(console: Console, left: list[UnsentWebhooks]) -> None:
    """Print what targets should have and have not, and why."""
    for item in left:
        waiting = f"{counted(item.waiting, 'message is', 'messages are')} to be sent" if item.waiting else ""
        dead = f"{counted(item.given_up, 'message was', 'messages were')} given up" if item.given_up else ""
        parts = "; ".join(part for part in (waiting, dead, item.problem or "") if part)
        again = " Again: leads webhooks send --again" if item.given_up else ""
        console.print(f"Webhook {item.target}: {parts}.{again}", markup=False, soft_wrap=True)


def unsent_as_json(left: list[UnsentWebhooks]) -> list[dict[str, Any]]:
    """Return what targets should have and have not, for JSON."""
    return [
        {"target": item.target, "waiting": item.waiting, "given_up": item.given_up, "problem": item.problem}
        for item in left
    ]
