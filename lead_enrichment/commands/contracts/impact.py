"""`leads contracts impact`: what reads a delivered column."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from rich.tree import Tree

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.terminal import Console

if TYPE_CHECKING:
    from lead_enrichment.preview.impact import Field, Impact, Reached


def impact_command(
    column: Annotated[
        str, typer.Argument(metavar="SOURCE.COLUMN", help="Such as texas.phone, or 'texas.Operation Name'.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the impact as JSON.")] = False,
) -> None:
    """Show what reads a delivered column, and so what breaks without it.

    The column goes by the contract's name, by the header as delivered or by
    an alias. Everything downstream is listed by layer with the way from
    bronze, as the models in this folder say, planned or not.

    Removing a column is "breaking" where any model reads it; the dims, facts,
    marts and feeds among the readers are named. "(rows)" means that the
    column filters, joins or groups the rows of that model. What reads it only
    as a part of a hash of many columns, and so shows that something changed
    but not what, stands apart.

    Examples:

    leads contracts impact texas.phone

    leads contracts impact "nevada.First Issue Date" --json
    """
    from lead_enrichment.preview.impact import delivered_column, impact_of, read_lineage
    from lead_enrichment.warehouse.project import load_project

    with errors_as_sentences():
        delivered = delivered_column(column)
        with Console(stderr=True).status("Reading the lineage of the models"):
            impact = impact_of(delivered, read_lineage(load_project(Path())))
    if as_json:
        print_json(_as_json(impact))
    else:
        _print(impact)


def _print(impact: Impact) -> None:
    console = Console(highlight=False)
    delivered = impact.delivered
    facts = [f"header {delivered.header}"] if delivered.header else []
    facts.append("required" if delivered.required else "optional")
    tree = Tree(Text.assemble((str(delivered.field), "bold"), f"  {delivered.description} ({', '.join(facts)})"))
    layers: dict[str, Tree] = {}
    models: dict[str, Tree] = {}
    for item in impact.reached:
        if item.by_hash:
            continue
        model = item.field.model
        if item.field.layer not in layers:
            layers[item.field.layer] = tree.add(Text(item.field.layer, style="bold"))
        if model not in models:
            python = " (Python model: any of its columns may come from any that it reads)"
            label = model.partition(".")[2] + (python if model in impact.python_models else "")
            models[model] = layers[item.field.layer].add(label)
        name = item.field.column or "(rows)"
        way = _way(item, impact)
        models[model].add(Text.assemble(name, (f"  by way of {way}" if way else "", "dim")))
    console.print(tree)
    if impact.hash_readers:
        console.print(f"Only as a part of a hash: {', '.join(impact.hash_readers)}.", soft_wrap=True)
    if impact.built_on_rows:
        console.print(f"Built on the rows that it helps to choose: {', '.join(impact.built_on_rows)}.", soft_wrap=True)
    console.print(f"Removing {delivered.field} is {_verdict(impact)}.", style="bold", soft_wrap=True)


def _verdict(impact: Impact) -> str:
    """Return severity and its reason in words."""
    if not impact.readers and not impact.hash_readers:
        return "not breaking: nothing reads it"
    if impact.outer_readers:
        return f"breaking: {', '.join(impact.outer_readers)} read{'s' if len(impact.outer_readers) == 1 else ''} it"
    readers = impact.readers or impact.hash_readers
    return (
        f"breaking: {', '.join(readers)} read{'s' if len(readers) == 1 else ''} it, though no dim, fact, mart or feed"
    )


def _way(item: Reached, impact: Impact) -> str:
    """Return the steps between bronze and a field; a step that keeps the column's name shows its model only."""
    steps, last = [], ""
    for step in item.path[1:-1]:
        name = step.model.partition(".")[2]
        text = name if step.column == last else f"{name}.{step.column}"
        steps.append(f"{text} (Python model)" if step.model in impact.python_models else text)
        last = step.column or ""
    return " > ".join(steps)


def _as_json(impact: Impact) -> dict[str, Any]:
    delivered = impact.delivered
    layers: dict[str, list[dict[str, Any]]] = {}
    for item in impact.reached:
        layers.setdefault(item.field.layer, []).append(
            {
                "model": item.field.model,
                "column": item.field.column,
                "reads": _kind(item.field, item.by_hash),
                "path": [str(step) for step in item.path],
                "through_python": [step.model for step in item.path if step.model in impact.python_models],
            }
        )
    return {
        "column": str(delivered.field),
        "header": delivered.header or None,
        "description": delivered.description,
        "required": delivered.required,
        "severity": impact.severity,
        "breaks": list(impact.outer_readers),
        "readers": list(impact.readers),
        "hash_readers": list(impact.hash_readers),
        "built_on_rows": list(impact.built_on_rows),
        "layers": layers,
    }


def _kind(field: Field, by_hash: bool) -> str:
    return "hash" if by_hash else "value" if field.column else "rows"
