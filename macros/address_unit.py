"""The unit within a building, in the form of USPS Publication 28."""

from __future__ import annotations

from sqlmesh import macro

# Publication 28, appendix C2. RM is left out: in Texas it is a ranch-to-market road.
DESIGNATORS = {
    "SUITE": "STE", "STE": "STE", "APARTMENT": "APT", "APT": "APT", "UNIT": "UNIT", "BUILDING": "BLDG", "BLDG": "BLDG",
    "ROOM": "ROOM", "LOT": "LOT", "TRAILER": "TRLR", "TRLR": "TRLR", "SPACE": "SPC", "SPC": "SPC", "FLOOR": "FL",
    "FL": "FL", "DEPARTMENT": "DEPT", "DEPT": "DEPT",
}  # fmt: skip


@macro()
def address_unit(evaluator, unit_text):  # type: ignore[no-untyped-def]
    """Give the unit with standard designators: `BLDG A STE 5`, `FL 2`, `# 4`; NULL where there is none.

    Args:
        unit_text: The end of the line, as `@address_unit_text` gives it.
    """
    unit = unit_text.sql(dialect="duckdb")
    unit = f"REGEXP_REPLACE({unit}, '^([0-9]+)(?:ST|ND|RD|TH) (?:FLOOR|FL)$', 'FL \\1', 'g')"
    for word, standard in DESIGNATORS.items():
        if word != standard:
            unit = f"REGEXP_REPLACE({unit}, '\\b{word}\\b', '{standard}', 'g')"
    unit = f"REGEXP_REPLACE({unit}, '([A-Z]) ?# ?', '\\1 ', 'g')"
    unit = f"REGEXP_REPLACE({unit}, '^(?:P ?O )?BOX ?', 'PO BOX ', 'g')"
    return f"NULLIF(TRIM(REGEXP_REPLACE({unit}, '^(?:# ?)?([A-Z]?-?[0-9][A-Z0-9-]*|[A-Z])$', '# \\1', 'g')), '')"
