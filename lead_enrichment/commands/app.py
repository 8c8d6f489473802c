"""`leads app`: the web app."""

from __future__ import annotations

from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console


def app_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8100,
    add: Annotated[
        str | None, typer.Option(metavar="NAME", help="Let somebody use the app, print a token, and end.")
    ] = None,
    role: Annotated[str, typer.Option(help="What who is added may do: viewer, steward, operator or admin.")] = "viewer",
    no_token: Annotated[
        bool, typer.Option("--no-token", help="With --add: they sign in at a proxy and need no token.")
    ] = False,
    remove: Annotated[
        str | None, typer.Option(metavar="NAME", help="Let somebody no longer use the app, and end.")
    ] = None,
) -> None:
    """Open the web app: leads, the review queue, quality and more. Ctrl-C stops it.

    It reads the published copy and holds nobody up. Where nobody was added,
    it serves you alone, on this machine. Once somebody was added, everybody
    signs in with the token that was printed then.
    """
    from lead_enrichment.app.people import add_person, remove_person
    from lead_enrichment.app.settings import AppSettings, settings_from_environment

    console = Console(highlight=False)
    with errors_as_sentences():
        paths = data_paths()
        people = AppSettings(paths).people_file
        if add is not None:
            token = add_person(people, add, role, with_token=not no_token)
            console.print(f"{add} may use the app as {role}.", soft_wrap=True)
            if token:
                console.print(f"The token, which is shown this once: {token}", soft_wrap=True)
            return
        if remove is not None:
            remove_person(people, remove)
            console.print(f"{remove} may no longer use the app.", soft_wrap=True)
            return
        settings = settings_from_environment(paths, host, port)
        from lead_enrichment.app.server import serve

        who = "Nobody signs in: it is for you alone." if settings.is_open else "People sign in."
        console.print(f"http://{host}:{port} shows the published copy. {who} Ctrl-C stops it.", soft_wrap=True)
        serve(settings)
