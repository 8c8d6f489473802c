"""`leads contracts`: what the contracts hold, and keeping what is written from them in step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from lead_enrichment.bronze import EXTERNAL_MODELS, external_models_yaml
from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.contracts import contracts_dir, parse_contract, read_contract
from lead_enrichment.errors import UsageError
from lead_enrichment.ingest.ledger import PROPOSED, Ledger
from lead_enrichment.ingest.quarantine import accept, reject
from lead_enrichment.paths import data_paths

if TYPE_CHECKING:
    from lead_enrichment.preview.impact import Field, Impact, Reached

app = typer.Typer(no_args_is_help=True, help="Work with the contracts of the sources.")


@app.callback()
def contracts() -> None:
    """Work with the contracts of the sources."""


@app.command("write-external-models")
def write_external_models() -> None:
    """Write external_models/bronze.yaml from the contracts, after one of them was changed."""
    EXTERNAL_MODELS.write_text(external_models_yaml(), encoding="utf-8")
    typer.echo(f"{EXTERNAL_MODELS} written.")


@app.command("check")
def check_command(
    against: Annotated[
        str | None, typer.Option(help="Git reference of the version in production.", show_default="HEAD")
    ] = None,
) -> None:
    """Hold every contract against the standard, the models and an earlier version.

    Exit code 1 where a contract is not of the Open Data Contract Standard,
    where a model reads a column that no contract has, or where a contract
    changed and its version does not say so: the first number goes up where
    files of before stop fitting, any other for all other changes. Changed
    descriptions and examples do not count.

    A new version is backward compatible where it takes every file that the
    one before took, forward compatible where the one before would take every
    file that fits the new one, and full where both hold.
    """
    # SQLMesh takes a second to import; the other commands do without.
    from lead_enrichment.preview.contract_check import committed, compare, model_faults, standard_faults
    from lead_enrichment.warehouse.project import load_project

    console, said = Console(highlight=False), Console(stderr=True)
    faults, reference = list[str](), against or "HEAD"
    before: dict[str, str] = {}
    with errors_as_sentences():
        folder = contracts_dir()
        try:
            before = committed(folder, reference)
        except UsageError as error:
            if against:
                raise
            # A copy without git can still be held against the standard and the models.
            said.print(f"No version before is compared: {error.what}.", markup=False, highlight=False, soft_wrap=True)
    table = Table("Contract", "Version", f"Before ({reference})", "Compatibility", "Changes")
    for path in sorted(folder.glob("*.yaml")):
        earlier = before.pop(path.name, None)
        found = standard_faults(path)
        faults += [f"contracts/{path.name}: {fault}" for fault in found]
        if found:
            continue
        try:
            contract = read_contract(path)
        except UsageError as error:
            faults.append(str(error))
            continue
        if earlier is None:
            table.add_row(contract.source_key, contract.version, "not there", "", "")
            continue
        try:
            comparison = compare(parse_contract(earlier, f"{reference}:contracts/{path.name}"), contract)
        except UsageError as error:
            table.add_row(contract.source_key, contract.version, "not readable", "", escape(error.what))
            continue
        changes = "\n".join(change.text for change in comparison.changes) or "none"
        table.add_row(
            contract.source_key,
            comparison.new_version,
            comparison.old_version,
            comparison.compatibility,
            escape(changes),
        )
        if not comparison.is_version_right:
            faults.append(
                f"contracts/{path.name}: version {comparison.new_version} after {comparison.old_version} does not say "
                f"that the contract changed ({comparison.compatibility})"
            )
    for name in before:
        table.add_row(Path(name).stem, "gone", "there", "breaking", "the contract is removed")
    if not faults:
        with errors_as_sentences():
            faults += model_faults(load_project(Path()))
    console.print(table)
    for fault in faults:
        said.print(fault, markup=False, highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)


@app.command("scaffold")
def scaffold_command(
    file: Annotated[Path, typer.Argument(help="A file as the new source delivers it.")],
    source: Annotated[str, typer.Option(help="Key of the source, such as utah.")],
) -> None:
    """Draft the contract and the staging model of a new source from a file of it.

    Names, natural key and what each column holds are guessed from the header
    and the first rows; what was not recognised is in the contract, and NULL
    in the model. A person finishes both: docs/adding-a-source.md walks
    through it.
    """
    from lead_enrichment.scaffold import write_draft

    with errors_as_sentences():
        contract, model = write_draft(file, source, Path())
    typer.echo(f"{contract} and {model} are drafted. Read both, then:")
    typer.echo("  leads contracts write-external-models && sqlmesh format && leads contracts check")


@app.command("proposals")
def proposals_command(
    show_all: Annotated[bool, typer.Option("--all", help="Those that were decided too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the proposals as JSON.")] = False,
) -> None:
    """List what refused columns most likely are, each with what speaks for it."""
    with errors_as_sentences():
        found = Ledger(data_paths().bronze).proposals()
    chosen = {key: rows for key, rows in found.items() if show_all or rows[0]["status"] == PROPOSED}
    if as_json:
        typer.echo(json.dumps(chosen, indent=2, default=str))
        return
    console = Console(highlight=False)
    if not chosen:
        console.print("Nothing waits for a decision.")
        return
    for proposal_id, rows in chosen.items():
        decided = "" if rows[0]["status"] == PROPOSED else f", {rows[0]['status']} by {rows[0]['decided_by']}"
        table = Table(
            "Delivered", "Most likely", "Score", "Because", title=f"{proposal_id}: {rows[0]['file_name']}{decided}"
        )
        for row in rows:
            score = f"{row['score']:.2f}" if row["column_name"] else ""
            table.add_row(row["header"] or "", row["column_name"] or "", score, row["evidence"])
        console.print(table)
    console.print("Next: `leads contracts accept <proposal>`, or `leads contracts reject <proposal>`.", markup=False)


@app.command("accept")
def accept_command(proposal: Annotated[str, typer.Argument(help="Such as texas-1a2b3c4d.")]) -> None:
    """Write a proposal's headers into the contract as aliases, and put the file back into landing."""
    with errors_as_sentences():
        accepted = accept(data_paths(), proposal)
    console = Console(highlight=False)
    for column, header in accepted.aliases.items():
        console.print(f"{accepted.source_key}: '{header}' is {column} from now on.", markup=False)
    console.print(f"contracts/{accepted.source_key}.yaml is version {accepted.version}: commit it.", markup=False)
    if accepted.released:
        console.print(f"{accepted.released} is released. Next: `make refresh`.", markup=False, soft_wrap=True)
    else:
        console.print("The file no longer lies in quarantine: drop it again.", markup=False)


@app.command("reject")
def reject_command(proposal: Annotated[str, typer.Argument(help="Such as texas-1a2b3c4d.")]) -> None:
    """Keep the file of a proposal out; it stays in quarantine."""
    with errors_as_sentences():
        reject(data_paths(), proposal)
    typer.echo(f"{proposal} is rejected. Its file stays in quarantine.")


@app.command("impact")
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
    as a part of a hash of many columns, and so tells that something changed
    but not what, stands apart.

    Examples:

    leads contracts impact texas.phone

    leads contracts impact "nevada.First Issue Date" --json
    """
    # SQLMesh takes a second to import; the other commands do without.
    from lead_enrichment.preview.impact import delivered_column, impact_of, read_lineage
    from lead_enrichment.warehouse.project import load_project

    with errors_as_sentences():
        delivered = delivered_column(column)
        with Console(stderr=True).status("Reading the lineage of the models"):
            impact = impact_of(delivered, read_lineage(load_project(Path())))
    if as_json:
        typer.echo(json.dumps(_as_json(impact), indent=2))
    else:
        _print(impact)


def _print(impact: Impact) -> None:
    console = Console(highlight=False)
    delivered = impact.delivered
    facts = [f"header {delivered.header}"] if delivered.header else []
    facts.append("required" if delivered.required else "optional")
    tree = Tree(f"[bold]{delivered.field}[/bold]  {escape(delivered.description)} ({escape(', '.join(facts))})")
    layers: dict[str, Tree] = {}
    models: dict[str, Tree] = {}
    for item in impact.reached:
        if item.by_hash:
            continue
        model = item.field.model
        if item.field.layer not in layers:
            layers[item.field.layer] = tree.add(f"[bold]{item.field.layer}[/bold]")
        if model not in models:
            python = " (Python model: any of its columns may come from any that it reads)"
            label = model.partition(".")[2] + (python if model in impact.python_models else "")
            models[model] = layers[item.field.layer].add(label)
        name = item.field.column or "(rows)"
        way = _way(item, impact)
        models[model].add(f"{name}  [dim]by way of {way}[/dim]" if way else name)
    console.print(tree)
    if impact.hash_readers:
        console.print(f"Only as a part of a hash: {', '.join(impact.hash_readers)}.", soft_wrap=True)
    if impact.built_on_rows:
        console.print(f"Built on the rows that it helps to choose: {', '.join(impact.built_on_rows)}.", soft_wrap=True)
    console.print(f"Removing {delivered.field} is {_verdict(impact)}.", style="bold", soft_wrap=True)


def _verdict(impact: Impact) -> str:
    """Give severity and its reason in words."""
    if not impact.readers and not impact.hash_readers:
        return "not breaking: nothing reads it"
    if impact.outer_readers:
        return f"breaking: {', '.join(impact.outer_readers)} read{'s' if len(impact.outer_readers) == 1 else ''} it"
    readers = impact.readers or impact.hash_readers
    return (
        f"breaking: {', '.join(readers)} read{'s' if len(readers) == 1 else ''} it, though no dim, fact, mart or feed"
    )


def _way(item: Reached, impact: Impact) -> str:
    """Give the steps between bronze and a field; a step that keeps the column's name shows its model only."""
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
