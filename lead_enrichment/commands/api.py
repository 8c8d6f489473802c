"""`leads api`: tokens of the REST API, which the app serves under /api/v1."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

app = typer.Typer(help="Tokens of the REST API, which `leads app` serves under /api/v1.", no_args_is_help=True)
NAME = Annotated[str, typer.Argument(metavar="NAME", help="Name of the program, which its deliveries bear.")]


@app.command("add")
def add_command(
    name: NAME,
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; give it again for more.")] = None,
) -> None:
    """Let a program use the API, and print its token, which is shown this once.

    Scopes: leads:read, quality:read, outbox:read, decisions:write,
    feedback:write, incidents:write. Added again, it gets a new token.
    """
    from lead_enrichment.app.api.access import clients_file
    from lead_enrichment.app.api.tokens import add_client
    from lead_enrichment.app.settings import AppSettings

    with errors_as_sentences():
        token = add_client(clients_file(AppSettings(data_paths())), name, scope or [])
    Console(highlight=False).print(f"The token, which is shown this once: {token}", soft_wrap=True, markup=False)


@app.command("remove")
def remove_command(name: NAME) -> None:
    """Let a program no longer use the API."""
    from lead_enrichment.app.api.access import clients_file
    from lead_enrichment.app.api.tokens import remove_client
    from lead_enrichment.app.settings import AppSettings

    with errors_as_sentences():
        remove_client(clients_file(AppSettings(data_paths())), name)
    typer.echo(f"{name} may no longer use the API.")


@app.command("list")
def list_command(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Show who may use the API, and what they may do."""
    from lead_enrichment.app.api.access import clients_file
    from lead_enrichment.app.api.tokens import read_clients
    from lead_enrichment.app.settings import AppSettings

    with errors_as_sentences():
        clients = read_clients(clients_file(AppSettings(data_paths())))
    if as_json:
        print_json({client.name: sorted(client.scopes) for client in clients.values()})
        return
    for client in clients.values():
        typer.echo(f"{client.name}: {', '.join(sorted(client.scopes))}")
    if not clients:
        typer.echo("No program may. Let one: leads api add NAME --scope leads:read")
