"""`leads quality check`: whether every rule can be evaluated, before anything is built."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import print_json
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted, listed


def check_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False,
) -> None:
    """Check every rule of quality/rules and of the contracts.

    Exit code 1 where a rule does not fit the schema, where its SQL cannot be
    read, reads a column that its table lacks, is no condition, fails on
    awkward rows such as zeros and missing values, cannot run on Spark, or is
    slow; each fault with its file, rule and reason. Nothing is built.
    """
    from lead_enrichment.quality.check import check_rules
    from lead_enrichment.quality.rules import LEVELS

    with errors_as_sentences():
        found = check_rules()
    levels = Counter(rule.level for rule in found.rules)
    if as_json:
        print_json(
            {"rules": {level: levels[level] for level in LEVELS}, "faults": [asdict(item) for item in found.faults]}
        )
    else:
        stderr = Console(stderr=True)
        for fault in found.faults:
            stderr.print(str(fault), highlight=False, soft_wrap=True)
        by_level = listed([f"{levels[level]} of the level {level}" for level in LEVELS])
        console = Console(highlight=False)
        if found.faults:
            console.print(f"{counted(len(found.faults), 'fault')} in {counted(len(found.rules), 'rule')}.")
        else:
            console.print(f"{counted(len(found.rules), 'rule')}, {by_level}: all can be evaluated.", soft_wrap=True)
    if found.faults:
        raise typer.Exit(1)
