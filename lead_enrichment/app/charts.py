"""Charts as pictures: Vega-Lite specifications, drawn on the server. A page shows their numbers in a table, too."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Literal

Scheme = Literal["light", "dark"]
# As in static/app.css: text, muted text, lines; then colours that are told apart by whoever sees few colours
# (Okabe and Ito), lighter on dark.
COLOURS: dict[str, tuple[str, str, str]] = {
    "light": ("#18202b", "#56616f", "#dce1e7"),
    "dark": ("#e7ebf0", "#a0acba", "#2c3642"),
}
SERIES = {
    "light": ["#0e6a84", "#b35900", "#5b3fa6", "#1b6b43", "#a92a2a"],
    "dark": ["#6ec1da", "#f0a860", "#bfaef5", "#82d3a6", "#f39a93"],
}
# The renderer is one for the whole process.
_TURN = threading.Lock()


def svg_of(specification: dict[str, Any], scheme: Scheme) -> str:
    """Return the picture of a Vega-Lite specification as SVG, in the colours of the app."""
    import vl_convert

    text, muted, line = COLOURS[scheme]
    config = {
        "background": "transparent",
        "font": "system-ui, sans-serif",
        "view": {"stroke": None},
        "range": {"category": SERIES[scheme]},
        "axis": {
            "labelColor": muted, "titleColor": muted, "gridColor": line, "domainColor": line, "tickColor": line,
            "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal",
        },
        "legend": {
            "labelColor": text, "titleColor": muted, "orient": "top", "title": None, "labelFontSize": 13,
            "symbolStrokeWidth": 3,
        },
    }  # fmt: skip
    with _TURN:
        return str(vl_convert.vegalite_to_svg({**specification, "config": config}, allowed_base_urls=[]))


def months_chart(
    values: Sequence[dict[str, Any]], measure: str, series: str, title: str, width: int = 720
) -> dict[str, Any]:
    """Return a chart of a measure over months: a line and its points for each series.

    Args:
        values: Rows with `month` as text (2026-10-01), the measure and the series.
        measure: The column of numbers.
        series: The column that tells lines apart.
        title: What is measured.
        width: Its width.
    """
    return {
        "data": {"values": [*values]},
        "width": width,
        "height": 220,
        "encoding": {
            "x": {
                "field": "month", "type": "ordinal", "title": None, "timeUnit": "yearmonth",
                "axis": {"labelAngle": 0, "format": "%b %Y", "labelOverlap": True},
            },
            "y": {"field": measure, "type": "quantitative", "title": title, "scale": {"zero": False, "nice": True}},
            "color": {"field": series, "type": "nominal"},
            "shape": {"field": series, "type": "nominal", "legend": None},
        },
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2.5}},
            {"mark": {"type": "point", "filled": True, "size": 70}},
        ],
    }  # fmt: skip


def intervals_chart(values: Sequence[dict[str, Any]], title: str, width: int = 720) -> dict[str, Any]:
    """Return a chart of rates with the interval in which each lies: a line from end to end, a point for the rate.

    Args:
        values: Rows with `name`, `rate`, `low` and `high`, shares of 1, in the order in which they are shown.
        title: What the rate is.
        width: Its width.
    """
    return {
        "data": {"values": [*values]},
        "width": width,
        "height": {"step": 28},
        # The browser's letters may be wider than those with which the room for names was measured.
        "padding": {"left": 28, "right": 12, "top": 5, "bottom": 5},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 180}},
        },
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5},
                "encoding": {
                    "x": {"field": "low", "type": "quantitative", "title": title, "axis": {"format": ".0%"}},
                    "x2": {"field": "high"},
                    "color": {"datum": "", "legend": None},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": {"field": "rate", "type": "quantitative"}, "color": {"datum": "", "legend": None}},
            },
        ],
    }
