"""Web sites by their host."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh.core.macros import MacroEvaluator, macro

# Labels of up to 63 letters, digits and hyphens: host names of RFC 1035.
HOST = (
    r"^(?:https?:/{1,2})?(?:www[0-9]?\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})"
    r"\.?(?::[0-9]+)?(?:[?#/].*)?$"
)


@macro()
def website_domain(evaluator: MacroEvaluator, raw: exp.Expression) -> str:
    """Return the host name of a web site in lower case, without scheme, www, port and path.

    NULL where the text is no web address, as with an e-mail address or a sentence in its place.
    """
    return f"NULLIF(REGEXP_EXTRACT(LOWER(TRIM({raw.sql(dialect='duckdb')})), '{HOST}', 1), '')"
