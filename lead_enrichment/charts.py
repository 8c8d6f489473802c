"""Charts as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lead_enrichment.errors import UsageError


def charts() -> Any:
    """Return the library that draws; half of its functions have no types."""
    import altair

    return altair


def save_chart(chart: Any, path: Path) -> None:
    """Save a chart; HTML holds all that it needs.

    Raises:
        UsageError: The name's ending is none of .html, .png and .svg.
    """
    ending = path.suffix.lower()
    if ending not in (".html", ".png", ".svg"):
        raise UsageError(f"{ending or 'no ending'} is no kind of picture", str(path), "Name it .html, .png or .svg.")
    if ending == ".html":
        path.write_text(chart.to_html(inline=True), encoding="utf-8")
    else:
        chart.save(str(path))
