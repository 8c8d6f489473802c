"""Spark as an engine of the project: how its gateway connects, and what to say where Spark is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlmesh.core.config.connection import SparkConnectionConfig
from sqlmesh.core.engine_adapter.base import EngineAdapter
from sqlmesh.engines.spark.db_api.spark_session import SparkSessionConnection, connection
from sqlmesh.utils.errors import ConfigError

from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths


class SparkOnDemand(SparkConnectionConfig):
    """A Spark gateway that starts Spark with its first statement.

    SQLMesh's own starts it as soon as the project is loaded, whatever gateway is used, and wants pyspark for that.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "check_import": False})

    @property
    def _static_connection_kwargs(self) -> dict[str, Any]:
        return {"settings": self.config}

    @property
    def _connection_factory(self) -> Callable[..., SparkSessionConnection]:
        return open_session

    def create_engine_adapter(
        self, register_comments_override: bool = False, concurrent_tasks: int | None = None
    ) -> EngineAdapter:
        """Give the adapter; where it is that of the gateway in use, say at once what is missing.

        Raises:
            ConfigError: pyspark or Java is not installed, or LEADS_DATA_DIR cannot be written.
        """
        # SQLMesh passes a number of tasks for the gateways that it only lists.
        if concurrent_tasks is None:
            require_spark()
            try:
                data_paths().spark.mkdir(exist_ok=True)
            except (UsageError, OSError) as error:
                raise ConfigError(str(error)) from error
        return super().create_engine_adapter(register_comments_override, concurrent_tasks)


def open_session(settings: dict[str, Any], catalog: str | None = None) -> SparkSessionConnection:
    """Start Spark, or take the session that runs already.

    Args:
        settings: Spark's settings by name.
        catalog: The catalog that holds the models.

    Raises:
        ConfigError: pyspark or Java is not installed.
    """
    require_spark()
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.enableHiveSupport()
    for name, value in settings.items():
        builder = builder.config(name, value)
    return connection(builder.getOrCreate(), catalog)


def require_spark() -> None:
    """Say how to get what Spark needs and this machine lacks.

    Raises:
        ConfigError: pyspark or Java is not installed.
    """
    if find_spec("pyspark") is None:
        raise ConfigError("The gateway spark needs pyspark, which is not installed: pip install -e '.[spark]'")
    if not has_java():
        raise ConfigError(
            "The gateway spark needs Java 17, which is not installed: apt-get install openjdk-17-jre-headless, "
            "or set JAVA_HOME to where it lies."
        )


def has_java() -> bool:
    """Tell whether Java is where Spark looks for it."""
    home = os.environ.get("JAVA_HOME")
    return (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is not None
