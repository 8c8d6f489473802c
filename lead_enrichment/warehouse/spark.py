"""Spark as an engine of the project: what its gateway needs, and what to say where that is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from lead_enrichment.errors import UsageError

GATEWAY = "spark"
# By this variable SQLMesh takes a gateway too; config.yaml has the gateway only where it is asked for.
ASKS = "SQLMESH_GATEWAY"


def is_asked_for(words: Sequence[str]) -> bool:
    """Whether the words behind `sqlmesh`, or the environment, name the gateway of Spark."""
    named = [*pairwise(words), *(tuple(word.split("=", 1)) for word in words if "=" in word)]
    return ("--gateway", GATEWAY) in named or os.environ.get(ASKS) == GATEWAY


def prepare() -> None:
    """Put the gateway into the configuration of this process.

    Raises:
        UsageError: pyspark or Java is not installed.
    """
    if find_spec("pyspark") is None:
        raise UsageError(
            "the gateway spark needs pyspark, which is not installed", "", "Run: pip install -e '.[spark]'"
        )
    if not has_java():
        raise UsageError(
            "the gateway spark needs Java 17, which is not installed",
            "",
            "Run: apt-get install openjdk-17-jre-headless, or set JAVA_HOME to where it lies.",
        )
    os.environ[ASKS] = GATEWAY


def has_java() -> bool:
    """Whether Java is where Spark looks for it."""
    home = os.environ.get("JAVA_HOME")
    return (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is not None
