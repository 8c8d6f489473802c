"""Settings that people write as YAML: read, and held against a JSON schema, with the place of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml

from lead_enrichment.errors import UsageError

Item = TypeVar("Item")


def read_yaml(path: Path, remedy: str) -> Any:
    """Return the document of a YAML file.

    Args:
        path: The file.
        remedy: What to do where it is no YAML.

    Raises:
        UsageError: It is not there, or no YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError("there is no such file", str(path), "Run it from the project's folder.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"it is no YAML ({' '.join(str(error).split())})", path.name, remedy) from error


def schema_faults(document: Any, package: str, schema: str) -> list[str]:
    """Return what a JSON schema of the package does not allow, each with its place.

    Args:
        document: What was read.
        package: The package that holds the schema.
        schema: The schema's file.
    """
    from jsonschema import Draft202012Validator

    rules = json.loads(files(package).joinpath(schema).read_text(encoding="utf-8"))
    return [
        f"{'.'.join(map(str, error.path))}: {error.message}" if error.path else error.message
        for error in sorted(
            Draft202012Validator(rules).iter_errors(document), key=lambda error: [*map(str, error.path)]
        )
    ]


def with_tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands under a name with its lists as tuples: the fields of a frozen dataclass."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}


def find_named(items: Mapping[str, Item], name: str, noun: str, file: Path) -> Item:
    """Return what a file of settings has under a name.

    Args:
        items: What it has, by name.
        name: The name.
        noun: What the items are, in the message.
        file: The file.

    Raises:
        UsageError: There is none of this name.
    """
    if name in items:
        return items[name]
    near = get_close_matches(name, items, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There is {', '.join(items) or 'none'}."
    raise UsageError(f"there is no {noun} {name}", file.name, hint)
