"""What is stored is its owner's alone, and what is shown is never obeyed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.progress import Progress

from conftest import ROOT
from helpers import NEVADA_HEADER, call, land, take_in
from lead_enrichment.commands.output import Listing, keys
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console

ROW = "ABC,CENTER,1-22,Active,11/30/23,N,1 ELM ST RENO NV 89501,NV,CLARK,1,12/1/13,A B,Other"


@pytest.fixture
def lax_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize(("wider", "closed"), [(None, 0o077), ("027", 0o027), ("0007", 0o007)])
def test_nothing_is_readable_by_others_under_a_lax_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lax_umask: None, wider: str | None, closed: int
) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "data"))
    if wider:
        monkeypatch.setenv("LEADS_UMASK", wider)
    paths = data_paths()
    take_in(paths, "nevada_2026-10-05.csv", f"{NEVADA_HEADER}\n{ROW}\nshort\n")
    take_in(paths, "nevada_2026-10-06.csv", "a,b\n1,2\n")
    written = [paths.root, *paths.root.rglob("*")]
    assert {path.name for path in written} >= {"archive", "quarantine", "file_ledger", ".ingest.lock"}
    assert not [path for path in written if path.stat().st_mode & closed]


def test_umask_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LEADS_UMASK", "private")
    with pytest.raises(UsageError, match="LEADS_UMASK: 'private' is no umask"):
        data_paths()


HOSTILE = "\x1b]0;title\x07\x1b[2J[red]a[/bold]\x9b31m\u202e:smile:\udce9"


def shown(*printed: object) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=160, color_system=None, legacy_windows=False)
    for item in printed:
        console.print(item)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["text", "table", "blocks", "title"])
def test_foreign_text_is_shown_and_not_obeyed(kind: str) -> None:
    listing = Listing(*keys("Name", HOSTILE), "Why", title=HOSTILE if kind == "title" else None)
    listing.add_row(HOSTILE, "x" * (200 if kind == "blocks" else 1), HOSTILE)
    text = shown(HOSTILE if kind == "text" else listing)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
    # Nothing of it vanishes, and nothing is taken for markup.
    assert "[red]a[/bold]" in text and ":smile:" in text


def test_command_shows_a_hostile_file_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADS_DATA_DIR", str(tmp_path / "data"))
    paths = data_paths()
    land(paths.root, "nevada_2026-10-05_\x1b[31m[red][bold].csv", f"{NEVADA_HEADER}\n{ROW}\n")
    land(paths.root, "nevada_2026-10-06_\x1b]0;x\x07.csv", "a[/x],b\n1,2\n")
    for words, expect in ((("ingest",), 1), (("status",), 0), (("archive", "list"), 0)):
        said = call(*words, expect=expect)
        assert "\x1b" not in said and "\x07" not in said
        assert words == ("status",) or "[red][bold].csv" in said


def test_every_console_is_the_one_that_is_not_obeyed() -> None:
    others = [
        path
        for path in (ROOT / "lead_enrichment").rglob("*.py")
        if path.name not in ("terminal.py", "output.py") and "rich.console import Console" in path.read_text()
    ]
    assert others == []
    assert isinstance(Progress(console=Console()).console, Console)
