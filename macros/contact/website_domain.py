"""Web sites by their host."""

from __future__ import annotations

from sqlmesh import macro

HOST = (
    r"^(?:https?:/{1,2})?(?:www[0-9]?\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})"
    r"\.?(?::[0-9]+)?(?:[?#/].*)?$"
)


@macro()
def website_domain(evaluator, raw):  # type: ignore[no-untyped-def]
    """Give the host name of a web site in lower case, without scheme, www, port and path.

    NULL where the text is no web address, as with an e-mail address or a sentence in its place.
    """
    return f"NULLIF(REGEXP_EXTRACT(LOWER(TRIM({raw.sql(dialect='duckdb')})), '{HOST}', 1), '')"
