"""Where an audit fails, the first of its rows are shown, each in a line that can be acted on."""

from __future__ import annotations

import pytest
from sqlglot import parse_one
from sqlmesh.core.config import DuckDBConnectionConfig
from sqlmesh.core.snapshot import SnapshotId
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import AuditError, NodeAuditsErrors, SQLMeshError

from lead_enrichment.hooks.failed_rows import show_failed_rows


def shown(query: str, count: int, capsys: pytest.CaptureFixture[str]) -> str:
    adapter = DuckDBConnectionConfig().create_engine_adapter()
    audit = AuditError("every_row_arrives", {}, count, parse_one(query, dialect="duckdb"), adapter_dialect="duckdb")
    error = NodeExecutionFailedError(SnapshotId(name="ops.reconciliation", identifier="1"))
    error.__cause__ = NodeAuditsErrors([audit])
    show_failed_rows(adapter, [error])
    return capsys.readouterr().err


def test_the_message_of_an_audit_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown("SELECT 'texas.csv: [7] rows are missing.' AS message, 1 AS file_id", 1, capsys)
    assert "every_row_arrives:\n  texas.csv: [7] rows are missing.\n" in said and "file_id" not in said


def test_a_row_without_a_message_is_shown_by_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown(f"SELECT 'texas:1' AS lead_key, NULL AS phone, '{'a' * 90}' AS name", 1, capsys)
    assert f"  lead_key texas:1, phone None, name {'a' * 60}…\n" in said


def test_of_many_rows_the_first_are_shown_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    said = shown("SELECT n FROM RANGE(2000) AS t(n)", 2000, capsys)
    assert said.count("  n ") == 3 and "and 1,997 more." in said


def test_a_failure_that_is_no_audit_is_left_to_sqlmesh(capsys: pytest.CaptureFixture[str]) -> None:
    error = NodeExecutionFailedError(SnapshotId(name="a", identifier="1"))
    error.__cause__ = SQLMeshError("no such table")
    show_failed_rows(None, [error])
    assert capsys.readouterr().err == ""
