"""Load a feed into SQLite: an example for those who load files. It needs Python and nothing else.

    python docs/examples/feed_loader.py FOLDER DATABASE

FOLDER is that of the feed, such as data/feeds/net_new_facilities. The table is replaced whole, and only after the
files were held against the manifest. What was loaded before is not loaded again.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import sys
from pathlib import Path

VERSION = 1


def checked(folder: Path) -> tuple[dict, Path]:
    """Return the manifest of the newest writing, and its CSV file, when every byte is as the manifest says."""
    # Resolved once: `latest` may name another folder a moment later, and all files must be of one writing.
    newest = (folder / "latest").resolve(strict=True)
    manifest = json.loads((newest / "manifest.json").read_text(encoding="utf-8"))
    if manifest["version"] != VERSION:
        raise SystemExit(f"The manifest is of version {manifest['version']}, and this program knows {VERSION}.")
    for file in manifest["files"]:
        content = (newest / file["name"]).read_bytes()
        if len(content) != file["bytes"] or hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise SystemExit(f"{file['name']} is not what the manifest says. Nothing was loaded.")
    (name,) = (file["name"] for file in manifest["files"] if file["format"] == "csv")
    return manifest, newest / name


def unguarded(text: str) -> str | None:
    """Return a value without the apostrophe that keeps a spreadsheet from running it; None for an empty cell."""
    return (text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@\t\r\n") else text) or None


def load(folder: Path, database: Path) -> int | None:
    """Load the newest writing, and return how many rows it has; None where it was loaded before."""
    manifest, file = checked(folder)
    names = [column["name"] for column in manifest["columns"]]
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        if next(reader) != names:
            raise SystemExit(f"The header of {file.name} is not that of the manifest. Nothing was loaded.")
        rows = [tuple(map(unguarded, row)) for row in reader]
    if len(rows) != manifest["rows"]:
        raise SystemExit(f"{file.name} has {len(rows)} rows where {manifest['rows']} were told. Nothing was loaded.")
    connection = sqlite3.connect(database)
    try:
        # One transaction: whoever reads the table finds the old rows or the new ones.
        with connection:
            connection.execute("CREATE TABLE IF NOT EXISTS loaded_feed (feed TEXT PRIMARY KEY, made_at TEXT)")
            query = "SELECT 1 FROM loaded_feed WHERE feed = ? AND made_at = ?"
            if connection.execute(query, (manifest["feed"], manifest["made_at"])).fetchone():
                return None
            columns = ", ".join(f'"{name}"' for name in names)
            connection.execute(f'DROP TABLE IF EXISTS "{manifest["feed"]}"')
            connection.execute(f'CREATE TABLE "{manifest["feed"]}" ({columns})')
            signs = ", ".join("?" for _ in names)
            connection.executemany(f'INSERT INTO "{manifest["feed"]}" VALUES ({signs})', rows)
            connection.execute(
                "INSERT OR REPLACE INTO loaded_feed VALUES (?, ?)", (manifest["feed"], manifest["made_at"])
            )
    finally:
        connection.close()
    return len(rows)


if __name__ == "__main__":
    loaded = load(Path(sys.argv[1]), Path(sys.argv[2]))
    print("Loaded before." if loaded is None else f"{loaded} rows loaded.")
