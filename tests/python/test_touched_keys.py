"""A model of the kind replaced_by_key takes the changes of every table that it reads, where these are known.

Any other change builds it whole: right, but slow, and no run would say so.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlglot import exp
from sqlmesh import Context
from sqlmesh.core.model import Model

from conftest import ROOT
from lead_enrichment.warehouse.change_log import short_name
from lead_enrichment.warehouse.replaced_by_key import driving, is_replaced_by_key, logged_columns, touched_of, whole


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    """The models of the project by name."""
    return {model.name: model for model in Context(paths=str(ROOT)).models.values()}


def query_of(model: Model) -> exp.Query:
    return model.render_query_or_raise()


def is_logged(model: Model) -> bool:
    """Whether the changes of a table are known row by row."""
    return is_replaced_by_key(model) or (model.kind.is_incremental_by_time_range and bool(model.references))


def read_by(query: exp.Query, models: dict[str, Model]) -> Iterator[str]:
    """Return the models that a query reads; of a view those that it shows."""
    for table in query.find_all(exp.Table):
        name = short_name(table)
        if name in models and models[name].kind.is_view and models[name].is_sql:
            yield from read_by(query_of(models[name]), models)
        elif name in models:
            yield name


def named_in_from(touched: exp.Query) -> set[str]:
    """Return the models behind each FROM of the touched keys."""
    return {short_name(table) for table in driving(touched)}


def test_every_logged_table_that_a_model_reads_stands_in_a_from_of_its_touched_keys(models: dict[str, Model]) -> None:
    missing = {}
    for name, model in models.items():
        touched = touched_of(query_of(model)) if is_replaced_by_key(model) else None
        if touched is not None:
            read = {table for table in read_by(whole(query_of(model)), models) if is_logged(models[table])}
            missing[name] = sorted(read - named_in_from(touched))
    assert len(missing) > 10
    assert {name: tables for name, tables in missing.items() if tables} == {}


def test_every_from_of_the_touched_keys_reads_a_table_whose_changes_are_logged(models: dict[str, Model]) -> None:
    unknown = {}
    for name, model in models.items():
        touched = touched_of(query_of(model)) if is_replaced_by_key(model) else None
        if touched is not None:
            unknown[name] = sorted(table for table in named_in_from(touched) if not is_logged(models[table]))
    assert {name: tables for name, tables in unknown.items() if tables} == {}


def test_what_the_touched_keys_take_from_a_change_is_logged_of_it(models: dict[str, Model]) -> None:
    # Changes are read by the grain of a table and the keys that it refers to; no other column of it is known there.
    unknown = {}
    for name, model in models.items():
        touched = touched_of(query_of(model)) if is_replaced_by_key(model) else None
        for select in touched.find_all(exp.Select) if touched is not None else ():
            table = select.args["from_"].this
            taken = {column.name for column in select.find_all(exp.Column) if column.table == table.alias_or_name}
            if lacking := taken - set(logged_columns(models[short_name(table)])):
                unknown[f"{name} from {table.name}"] = sorted(lacking)
    assert unknown == {}


def test_a_table_that_is_kept_by_the_change_has_a_grain_by_which_changes_are_logged(models: dict[str, Model]) -> None:
    assert [name for name, model in models.items() if is_replaced_by_key(model) and not logged_columns(model)] == []
