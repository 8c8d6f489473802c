"""Cut counties.json from us-atlas: the counties alone, without the outlines of states and of the nation.

    npm pack us-atlas@3.0.1 && tar xzf us-atlas-3.0.1.tgz
    python lead_enrichment/app/vendor/us-atlas/cut.py package/counties-10m.json lead_enrichment/app/vendor/us-atlas/counties.json

The result is TopoJSON, as the original is: nothing is rounded, lines that no county uses are left out.
"""  # noqa: E501

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def cut(atlas: dict[str, Any]) -> dict[str, Any]:
    """Return the counties of an atlas, and the arcs that they use."""
    places: dict[int, int] = {}

    def renumbered(arcs: Any) -> Any:
        if isinstance(arcs, list):
            return [renumbered(item) for item in arcs]
        # ~n is arc n backwards.
        place = places.setdefault(arcs if arcs >= 0 else ~arcs, len(places))
        return place if arcs >= 0 else ~place

    counties = sorted(atlas["objects"]["counties"]["geometries"], key=lambda county: str(county["id"]))
    geometries = [
        {"type": item["type"], "id": item["id"], "properties": item["properties"], "arcs": renumbered(item["arcs"])}
        for item in counties
    ]
    return {
        "type": "Topology",
        "transform": atlas["transform"],
        "objects": {"counties": {"type": "GeometryCollection", "geometries": geometries}},
        "arcs": [atlas["arcs"][number] for number in places],
    }


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    written = json.dumps(cut(json.loads(source.read_text(encoding="utf-8"))), separators=(",", ":"))
    target.write_text(written + "\n", encoding="utf-8")
