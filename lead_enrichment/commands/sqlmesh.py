"""`leads sqlmesh`: SQLMesh's own command, which waits for the warehouse, and knows the gateway spark."""

from __future__ import annotations

import sys

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.warehouse import spark

# Everything behind `leads sqlmesh` is SQLMesh's, its --help too.
SETTINGS = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}


def sqlmesh_command(context: typer.Context) -> None:
    """Call sqlmesh, and wait where another process holds the warehouse: `leads sqlmesh run`.

    On Spark: `leads sqlmesh --gateway spark plan`.
    """
    from sqlmesh.cli.main import cli

    from lead_enrichment.sqlmesh_internals import say_what_to_plan_first
    from lead_enrichment.warehouse.waiting import let_sqlmesh_wait

    if spark.is_asked_for(context.args):
        with errors_as_sentences():
            spark.prepare()
    let_sqlmesh_wait()
    say_what_to_plan_first()
    # SQLMesh looks for --help there.
    sys.argv = ["sqlmesh", *context.args]
    cli(prog_name="sqlmesh")
