"""What commands print is readable on a terminal of 80 columns, and uses one of 120."""

from __future__ import annotations

import ast
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from conftest import ROOT
from lead_enrichment.cli import app
from lead_enrichment.commands.output import Listing, keys, numbers

COMMANDS = ROOT / "lead_enrichment" / "commands"
DATES = re.compile(r"\d{4}-\d{2}-\d{2}")


def printed(width: int, *words: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Call `leads …` in this process on a terminal of a width, and return what it prints."""
    monkeypatch.setenv("LEADS_DATA_DIR", str(data))
    done = CliRunner().invoke(app, words, env={"COLUMNS": str(width), "TERMINAL_WIDTH": str(width), "NO_COLOR": "1"})
    assert done.exit_code == 0, done.output
    return done.output


def test_every_table_of_a_command_is_a_listing() -> None:
    plain = []
    for path in COMMANDS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.module != "rich.table" or path.name == "output.py":
                continue
            if any(alias.name == "Table" for alias in node.names):
                plain.append(str(path.relative_to(ROOT)))
    assert plain == []


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("summary",),
        ("archive", "list"),
        ("archive", "prune", "--dry-run"),
        ("match", "review"),
        ("match", "evaluate"),
        ("contracts", "check"),
    ],
    ids=" ".join,
)
def test_a_table_is_readable_at_80_columns_and_uses_120(
    planned_demo: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    narrow, wide = (printed(width, *words, data=planned_demo, monkeypatch=monkeypatch) for width in (80, 120))
    for text, width in ((narrow, 80), (wide, 120)):
        tables = [line for line in text.splitlines() if line.startswith((" ", "│", "┃"))]
        assert max(map(len, tables), default=0) <= width
        assert "…" not in text
    # Nothing is lost, least of all the day of a date.
    assert sorted(DATES.findall(narrow)) == sorted(DATES.findall(wide))
    assert set(re.findall(r"\w+", wide)) - set(re.findall(r"\w+", narrow)) == set()
    # A wide terminal shows a table.
    assert "━" in wide or "─" in wide or re.search(r"^\S+(  +\S+){2,}", wide, re.MULTILINE)


cells = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(cells, cells, st.lists(cells, max_size=12).map(" ".join), st.integers(0, 10**9)),
        min_size=1,
        max_size=4,
    ),
    width=st.sampled_from((80, 120)),
)
def test_no_cell_of_a_listing_is_cut(rows: list[tuple[Any, ...]], width: int) -> None:
    listing = Listing(*keys("Key", "Date"), "Why", "Why not", *numbers("Number"), title="All of them")
    for key, day, why, number in rows:
        listing.add_row(key, f"2026-11-{day}", why, why, f"{number:,}")
    console = Console(width=width, record=True, file=StringIO())
    console.print(listing)
    text = console.export_text()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for key, day, why, number in rows:
        for word in (key, f"2026-11-{day}", *why.split(), f"{number:,}"):
            assert word in text
