"""The dictionary's file: written once for each version of the project, and read without SQLMesh.

`python -m lead_enrichment.dictionary.keep` in the project's folder writes it where it is missing or out of date; the
app starts that as a process of its own, so that it neither waits for SQLMesh nor holds its memory.
"""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

from lead_enrichment.dictionary.entries import Dictionary, read_dictionary, to_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import DataPaths, data_paths, write_text_whole

# What of a project its dictionary follows from. Of the package all that macros and models may import.
FOLDERS = ("audits", "contracts", "external_models", "macros", "metrics", "models", "quality", "seeds")
FILES = ("config.yaml", "docs/glossary.yaml")
SUFFIXES = (".csv", ".py", ".sql", ".yaml")
PACKAGE = Path(__file__).parents[1]
NOT_OF_MODELS = ("app", "benchmark", "commands", "demo", "hooks", "salesforce")


def dictionary_file(paths: DataPaths) -> Path:
    """Return where the dictionary lies: beside the published copy."""
    return paths.published.with_name("dictionary.json")


def project_version(project: Path) -> str:
    """Return a hash of all files of a project that its dictionary follows from.

    Raises:
        UsageError: There is no project.
    """
    if not (project / "config.yaml").exists():
        raise UsageError("here is no SQLMesh project", str(project.absolute()), "Run it from the project's folder.")
    digest = hashlib.sha256()

    def add(path: Path, root: Path) -> None:
        content = path.read_bytes()
        # By its name from the folder on: the same project somewhere else has the same dictionary.
        digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode())
        digest.update(content)

    for name in FILES:
        if (project / name).exists():
            add(project / name, project)
    for folder, root in (*((project / name, project) for name in FOLDERS), (PACKAGE, PACKAGE)):
        for path in sorted(folder.rglob("*")):
            is_of_models = root != PACKAGE or path.relative_to(root).parts[0] not in NOT_OF_MODELS
            if path.suffix in SUFFIXES and is_of_models:
                add(path, root)
    return digest.hexdigest()


def kept_dictionary(paths: DataPaths) -> Dictionary | None:
    """Return the dictionary as it was written last, of whatever version; None where there is none that can be read."""
    try:
        return read_dictionary(dictionary_file(paths))
    except (FileNotFoundError, ValueError):
        return None


def current_dictionary(paths: DataPaths, project: Path) -> Dictionary:
    """Return the dictionary of the project as it is now, and write its file where that is missing or out of date.

    Several processes may ask at once: one writes, and the others wait for it.

    Raises:
        UsageError: There is no project, or its models cannot be loaded.
    """
    version = project_version(project)
    kept = kept_dictionary(paths)
    if kept is not None and kept.version == version:
        return kept
    file = dictionary_file(paths)
    file.parent.mkdir(exist_ok=True)
    with file.with_name(".dictionary.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = kept_dictionary(paths)
        if kept is None or kept.version != version:
            from lead_enrichment.dictionary.build import read_project
            from lead_enrichment.warehouse.project import load_project

            kept = read_project(load_project(project), project, version)
            write_text_whole(file, to_json(kept))
    return kept


if __name__ == "__main__":
    current_dictionary(data_paths(), Path())
