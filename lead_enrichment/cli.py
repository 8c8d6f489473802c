"""The command `leads`."""

from __future__ import annotations

import typer

from lead_enrichment.commands import (
    alert,
    api,
    archive,
    bench,
    contracts,
    demo,
    dictionary,
    doctor,
    feed,
    feedback,
    incidents,
    ingest,
    lead,
    match,
    outbox,
    priority,
    pull,
    quality,
    refresh,
    rehearse,
    release,
    sqlmesh,
    status,
    summary,
    ui,
    webhooks,
    withdraw,
)
from lead_enrichment.commands import (
    app as web_app,
)
from lead_enrichment.commands.plain_help import hide_types_of_flags

hide_types_of_flags()
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Take in licensing files and Salesforce leads, and show the results. "
    "The models themselves are planned and run by sqlmesh.",
)
app.command("app")(web_app.app_command)
app.command("demo")(demo.demo_command)
app.command("doctor")(doctor.doctor_command)
app.command("ingest")(ingest.ingest_command)
app.command("refresh")(refresh.refresh_command)
app.command("rehearse")(rehearse.rehearse_command)
app.command("release")(release.release_command)
app.command("lead")(lead.lead_command)
app.command("status")(status.status_command)
app.command("summary")(summary.summary_command)
app.command("ui")(ui.ui_command)
app.command("withdraw")(withdraw.withdraw_command)
app.command("sqlmesh", context_settings=sqlmesh.SETTINGS, add_help_option=False)(sqlmesh.sqlmesh_command)
app.add_typer(alert.app, name="alert")
app.add_typer(api.app, name="api")
app.add_typer(archive.app, name="archive")
app.add_typer(bench.app, name="bench")
app.add_typer(contracts.app, name="contracts")
app.add_typer(dictionary.app, name="dictionary")
app.add_typer(feed.app, name="feed")
app.add_typer(feedback.app, name="feedback")
app.add_typer(incidents.app, name="incidents")
app.add_typer(match.app, name="match")
app.add_typer(outbox.app, name="outbox")
app.add_typer(priority.app, name="priority")
app.add_typer(pull.app, name="pull")
app.add_typer(quality.app, name="quality")
app.add_typer(webhooks.app, name="webhooks")
