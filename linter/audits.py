"""A rule about a model's audits: what they read is there when they run."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope
from sqlmesh.core.audit.builtin import BUILT_IN_AUDITS
from sqlmesh.core.linter.rule import Rule, RuleViolation
from sqlmesh.core.model import ExternalModel, Model


class AuditsReadDependencies(Rule):
    """What an audit reads beside the model is built before it: SQLMesh takes dependencies from the query alone."""

    def check_model(self, model: Model) -> RuleViolation | None:
        """Return one violation that names the models which an audit reads and the model does not depend on."""
        known = {*(model.depends_on or ()), model.fqn}
        missing = set()
        audits: list[Any] = list(model.audits_with_args)
        for audit, arguments in audits:
            # SQLMesh's own audits, which are most, read the model alone, unless an argument names another.
            if audit.name in BUILT_IN_AUDITS and not any(value.find(exp.Table) for value in arguments.values()):
                continue
            query = model.render_audit_query(audit, **arguments)
            sources = [source for scope in traverse_scope(query) for source in scope.sources.values()]
            tables = [source for source in sources if isinstance(source, exp.Table) and source.db]
            missing |= {f"{table.db}.{table.name}" for table in tables if not self._is_there(_fqn(table, model), known)}
        if not missing:
            return None
        return self.violation(f"{model.name}: its audits read {', '.join(sorted(missing))}; name it in depends_on.")

    def _is_there(self, name: str, known: set[str]) -> bool:
        # No model builds an external table.
        return name in known or isinstance(self.context.get_model(name), ExternalModel)


def _fqn(table: exp.Table, model: Model) -> str:
    parts = [table.catalog or model.default_catalog, table.db, table.name]
    return ".".join(exp.to_identifier(part, quoted=True).sql(dialect=model.dialect) for part in parts if part)
