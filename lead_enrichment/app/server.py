"""Serving the app."""

from __future__ import annotations

import socket

import uvicorn

from lead_enrichment.app.application import create_app
from lead_enrichment.app.settings import AppSettings
from lead_enrichment.errors import UsageError

# Requests that wait for a turn; more are told to come again.
MOST_CONNECTIONS = 200


def serve(settings: AppSettings) -> None:
    """Serve the app until it is stopped.

    Raises:
        UsageError: The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            raise UsageError(
                f"the address cannot be listened on ({error.strerror or error})",
                f"{settings.host}:{settings.port}",
                "Stop what uses it, or name another: leads app --port 8101",
            ) from error
        config = uvicorn.Config(
            create_app(settings),
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=5,
        )
        uvicorn.Server(config).run(sockets=[listener])
