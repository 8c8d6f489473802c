"""What holds for every macro file."""

from __future__ import annotations

from pathlib import Path

import pytest

MACROS = sorted((Path(__file__).parents[2] / "macros").rglob("*.py"))


@pytest.mark.parametrize("path", MACROS, ids=lambda path: path.stem)
def test_plan_can_print_the_regular_expressions_of_a_macro(path: Path) -> None:
    """SQLMesh shows changed SQL through rich, which takes `[/` for a closing tag and stops the plan."""
    assert "[/" not in path.read_text(encoding="utf-8")
