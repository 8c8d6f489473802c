"""Where things lie under LEADS_DATA_DIR."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lead_enrichment.errors import UsageError
from lead_enrichment.wording import visible


@dataclass(frozen=True)
class DataPaths:
    """The folders of one data directory."""

    root: Path

    @property
    def landing(self) -> Path:
        """Where deliveries land, a folder a source."""
        return self.root / "landing"

    @property
    def archive(self) -> Path:
        """Original bytes of every loaded delivery, named by their SHA-256."""
        return self.root / "archive"

    @property
    def bronze(self) -> Path:
        """Delivered rows as Parquet, partitioned by received_on."""
        return self.root / "bronze"

    @property
    def quarantine(self) -> Path:
        """Deliveries that could not be used, each beside its reason."""
        return self.root / "quarantine"

    @property
    def withdrawn(self) -> Path:
        """Rows of loads that were taken back, laid out as in bronze."""
        return self.root / "withdrawn"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that holds the models."""
        return self.root / "warehouse" / "leads.duckdb"

    @property
    def published(self) -> Path:
        """The copy of the warehouse that readers open; see publish.py.

        In a folder of its own, since it bears the warehouse's name: its views name the catalog that DuckDB names so.
        """
        return self.root / "published" / "leads.duckdb"


def private_by_default() -> None:
    """Let this process make files and folders that only their owner may read, whatever the umask of the session.

    Raises:
        UsageError: LEADS_UMASK, which widens it, is no umask.
    """
    text = os.environ.get("LEADS_UMASK") or "077"
    if not re.fullmatch("0?[0-7]{3}", text):
        raise UsageError(f"{text!r} is no umask", "LEADS_UMASK", "Write it like 027, which lets the group read.")
    os.umask(int(text, 8))


def files_below(folder: Path, suffix: str) -> Iterator[os.DirEntry[str]]:
    """Return the files in the folders of a folder whose names end with a suffix, hidden ones apart.

    Of 100,000 files this takes a fifth of the time of a pattern of pathlib's.
    """
    if not folder.is_dir():
        return
    with os.scandir(folder) as inside:
        below = sorted(item.path for item in inside if item.is_dir())
    for path in below:
        with os.scandir(path) as inside:
            yield from (item for item in inside if item.name.endswith(suffix) and not item.name.startswith("."))


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Let a file be written beside its place, and rename it into its place when it is complete.

    So whoever reads the target finds it as it was before, or whole. Where writing fails, nothing is left of it; what a
    killed process leaves is hidden by its name.

    Returns:
        Where to write, in the folder of the target.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        yield unfinished
    except Exception:
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.replace(target)


def write_text_whole(target: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all."""
    with whole(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def data_paths(create: bool = True) -> DataPaths:
    """Return the data directory that LEADS_DATA_DIR names (default `data`).

    Args:
        create: Make the folders that are missing. The parent of the directory must be there already.

    Raises:
        UsageError: The directory cannot be made or written.
    """
    root = Path(os.environ.get("LEADS_DATA_DIR") or "data").absolute()
    paths = DataPaths(root)
    if "\\" in visible(str(root)):
        # SQLMesh's configuration and DuckDB's readers cannot name such a folder.
        raise UsageError(
            "LEADS_DATA_DIR holds a backslash, a control character, or is no UTF-8", visible(str(root)),
            "Name a folder without them.",
        )  # fmt: skip
    private_by_default()
    if not create:
        return paths
    remedy = "Set LEADS_DATA_DIR to a folder that you may write to."
    if not root.parent.is_dir():
        raise UsageError("LEADS_DATA_DIR lies in a folder that does not exist", str(root), remedy)
    try:
        for folder in (paths.landing, paths.archive, paths.bronze, paths.quarantine, paths.warehouse.parent):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise UsageError(f"LEADS_DATA_DIR cannot be written ({error.strerror})", str(root), remedy) from error
    return paths
