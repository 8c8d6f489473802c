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

    if spark.is_asked_for(context.args):
        with errors_as_sentences():
            spark.prepare()
    prepare_sqlmesh()
    # SQLMesh looks for --help there.
    sys.argv = ["sqlmesh", *context.args]
    cli(prog_name="sqlmesh")


def prepare_sqlmesh() -> None:
    """Let SQLMesh work as the project wants it to from its first step on.

    Where it runs what is planned already, it reads no file of the project, and calls no hook before it has opened the
    warehouse and loaded its state.
    """
    from lead_enrichment.memory import tidy_rarely
    from lead_enrichment.sqlmesh_internals import read_queries_once, render_queries_once, say_what_to_plan_first
    from lead_enrichment.warehouse.waiting import let_sqlmesh_wait

    tidy_rarely()
    render_queries_once()
    read_queries_once()
    let_sqlmesh_wait()
    say_what_to_plan_first()
