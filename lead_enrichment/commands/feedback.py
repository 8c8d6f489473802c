"""`leads feedback`: what people say about leads, values and definitions, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, print_json
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.users import user_name
from lead_enrichment.wording import counted

if TYPE_CHECKING:
    import duckdb

    from lead_enrichment.feedback import FeedbackStatement
    from lead_enrichment.paths import DataPaths
    from lead_enrichment.warehouse.reading import Row

app = typer.Typer(help="Say what is wrong with a lead, a value or a definition, and answer what others say.")
KEY = Annotated[str, typer.Argument(metavar="KEY", help="Key of feedback, or the beginning of one.")]
REASON = Annotated[str, typer.Option(help="Why; who gave the feedback reads it.")]
LED_TO = Annotated[str, typer.Option(help="File, line, rule or change that it led to: a path, an address, a number.")]
BY = Annotated[str | None, typer.Option(help="Who says it; you by default.")]
SHOW_ALL = Annotated[bool, typer.Option("--all", help="Show what is declined or applied, too.")]
GIVEN_BY = Annotated[str | None, typer.Option("--by", help="Show only what this person gave, in every state.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@app.callback(invoke_without_command=True)
def feedback_command(context: typer.Context) -> None:
    """Show the feedback that waits for an answer, or call one of the commands."""
    if context.invoked_subcommand is None:
        list_command()


@app.command("list")
def list_command(show_all: SHOW_ALL = False, by: GIVEN_BY = None, as_json: AS_JSON = False) -> None:
    """Show the feedback that nobody has declined or applied, what is new first."""
    from lead_enrichment.feedback import OPEN, without_effect
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths(create=False)
        with production(paths) as connection:
            found = _all_feedback(connection, paths)
            idle = without_effect(connection)
    shown = [row for row in found if (row["given_by"] == by if by is not None else show_all or row["state"] in OPEN)]
    if as_json:
        print_json({"feedback": shown, "without_effect": idle})
        return
    console = Console(highlight=False)
    if shown:
        table = Listing(*keys("Feedback"), "State", *keys("Given"), "By", "About", "What is said")
        for row in shown:
            table.add_row(
                row["feedback_key"], _state(row), _day(row["given_at"]), Text(row["given_by"]), Text(_about(row)),
                Text(row["comment"]),
            )  # fmt: skip
        console.print(table)
    for row in idle:
        sentence = f"Without effect: {row['file_name']}, row {row['row_number']:,}: {row['remark']}."
        console.print(sentence, markup=False, soft_wrap=True)
    console.print(f"{counted(len(shown), 'piece')} of feedback. One whole: leads feedback show KEY", soft_wrap=True)


@app.command("show")
def show_command(key: KEY, as_json: AS_JSON = False) -> None:
    """Show one piece of feedback whole: what it is about, and what came of it."""
    from lead_enrichment.feedback import answers_to, find_feedback, pointed_at
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths(create=False)
        with production(paths) as connection:
            row = find_feedback(_all_feedback(connection, paths), key)
            answers = answers_to(connection, row["feedback_key"])
    place = pointed_at(row)
    if as_json:
        print_json({**row, "place": place, "answers": answers})
        return
    lines = [f"{_state(row).capitalize()}, given by {row['given_by']} on {_day(row['given_at'])}: {row['comment']}"]
    if row["value_seen"] or row["suggested_value"]:
        lines.append(f"It says {row['value_seen'] or 'nothing'}; suggested: {row['suggested_value'] or 'nothing'}.")
    if place:
        lines.append(f"It is about {place}.")
    for item in answers:
        led_to = f" ({item['led_to']})" if item["led_to"] else ""
        remark = f" Without effect: {item['remark']}." if item["remark"] else ""
        lines.append(
            f"{_day(item['acted_at'])} {item['action']} by {item['acted_by']}: {item['comment']}{led_to}{remark}"
        )
    if row["is_waiting"] and row["answer"]:
        lines.append(f"Waits for the next run: {row['answered_by']}: {row['answer']}")
    console = Console(highlight=False)
    console.print(_about(row), style="bold", markup=False)
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2)))


@app.command("give")
def give_command(
    comment: Annotated[str, typer.Argument(metavar="COMMENT", help="What is wrong, in a sentence or two.")],
    lead: Annotated[str, typer.Option(help="Lead that it is about, such as texas:1234567.")] = "",
    term: Annotated[str, typer.Option(help="Value of the lead, such as phone; without a lead, what is defined.")] = "",
    suggest: Annotated[str, typer.Option(help="What the value should be.")] = "",
    by: BY = None,
    as_json: AS_JSON = False,
) -> None:
    """Say what is wrong with a lead, a value of it (--lead and --term), or a definition (--term)."""
    from lead_enrichment.feedback import give
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths()
        with production(paths) as connection:
            said = give(connection, user_name() if by is None else by, comment, lead, term, suggest)
        _submit(said, f"Thank you. Follow it: leads feedback show {said.feedback_key}", as_json)


@app.command("accept")
def accept_command(key: KEY, reason: REASON, led_to: LED_TO = "", by: BY = None, as_json: AS_JSON = False) -> None:
    """Say that it is right and that somebody sees to it."""
    _answer(key, "accept", reason, led_to, by, as_json)


@app.command("decline")
def decline_command(key: KEY, reason: REASON, led_to: LED_TO = "", by: BY = None, as_json: AS_JSON = False) -> None:
    """Say that nothing is changed for it, and why."""
    _answer(key, "decline", reason, led_to, by, as_json)


@app.command("apply")
def apply_command(key: KEY, reason: REASON, led_to: LED_TO = "", by: BY = None, as_json: AS_JSON = False) -> None:
    """Say that it was applied, and where."""
    _answer(key, "apply", reason, led_to, by, as_json)


def _answer(key: str, action: str, reason: str, led_to: str, by: str | None, as_json: bool) -> None:
    from lead_enrichment.feedback import RESULT, answer, find_feedback
    from lead_enrichment.warehouse.reading import production

    with errors_as_sentences():
        paths = data_paths()
        with production(paths) as connection:
            row = find_feedback(_all_feedback(connection, paths), key)
        said = answer(row, action, user_name() if by is None else by, reason, led_to)
        _submit(said, f"{row['feedback_key']} will be {RESULT[action]}: {_about(row)}", as_json)


def _submit(said: FeedbackStatement, sentence: str, as_json: bool) -> None:
    from lead_enrichment.feedback import submit

    paths = data_paths()
    target = submit(paths, said)
    if as_json:
        print_json({"feedback_key": said.feedback_key, "action": said.action, "file": str(target)})
        return
    typer.echo(sentence)
    typer.echo(f"It waits as {target.relative_to(paths.root)} and is taken in with the next run: make refresh")


def _all_feedback(connection: duckdb.DuckDBPyConnection, paths: DataPaths) -> list[Row]:
    from lead_enrichment.feedback import feedback, feedback_on_its_way, with_waiting

    return with_waiting(feedback(connection), feedback_on_its_way(connection, paths))


def _about(row: Row) -> str:
    name = row["lead_name"] or row["lead_key"]
    return f"{row['term']} of {name}" if row["subject"] == "value" else name or row["term"]


def _state(row: Row) -> str:
    return f"{row['state']} (waits for the next run)" if row["is_waiting"] else row["state"]


def _day(value: datetime | None) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d}" if value else ""
