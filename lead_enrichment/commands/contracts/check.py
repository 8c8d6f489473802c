"""`leads contracts check`: the contracts beside the standard, the models and an earlier version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing
from lead_enrichment.errors import UsageError
from lead_enrichment.terminal import Console


def check_command(
    against: Annotated[
        str | None, typer.Option(help="Git reference of the version in production.", show_default="HEAD")
    ] = None,
) -> None:
    """Check every contract against the standard, the models and an earlier version.

    Exit code 1 where a contract is not of the Open Data Contract Standard,
    where a model reads a column that no contract has, or where a contract
    changed and its version does not say so: the first number goes up where
    files of before stop fitting, any other for all other changes. Changed
    descriptions and examples do not count.

    A new version is backward compatible where it takes every file that the
    one before took, forward compatible where the one before would take every
    file that fits the new one, and full where both hold.
    """
    from lead_enrichment.contracts import contracts_dir, parse_contract, read_contract
    from lead_enrichment.preview.contract_check import committed, compare, model_faults, standard_faults
    from lead_enrichment.warehouse.project import load_project

    console, stderr = Console(highlight=False), Console(stderr=True)
    faults, reference = list[str](), against or "HEAD"
    before: dict[str, str] = {}
    with errors_as_sentences():
        folder = contracts_dir()
        try:
            before = committed(folder, reference)
        except UsageError as error:
            if against:
                raise
            # Without git the contracts can still be checked against the standard and the models.
            stderr.print(f"No version before is compared: {error.what}.", markup=False, highlight=False, soft_wrap=True)
    table = Listing("Contract", "Version", f"Before ({reference})", "Compatibility", "Changes")
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
            table.add_row(contract.source_key, contract.version, "not readable", "", error.what)
            continue
        changes = "\n".join(change.text for change in comparison.changes) or "none"
        table.add_row(
            contract.source_key,
            comparison.new_version,
            comparison.old_version,
            comparison.compatibility,
            changes,
        )
        if not comparison.is_version_right:
            faults.append(
                f"contracts/{path.name}: version {comparison.new_version} after {comparison.old_version} does not say "
                f"that the contract changed ({comparison.compatibility})"
            )
    for name in before:
        table.add_row(Path(name).stem, "gone", "there", "breaking", "the contract is removed")
    if not faults:
        try:
            faults += model_faults(load_project(Path()))
        except UsageError as error:
            # Such as a rule of quality about the table of a contract that is gone.
            faults.append(str(error))
    console.print(table)
    for fault in faults:
        stderr.print(fault, markup=False, highlight=False, soft_wrap=True)
    if faults:
        raise typer.Exit(1)
