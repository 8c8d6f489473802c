"""One lead: its facility whole, source beside source, with what changed, what is wrong and why it is one facility."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from lead_enrichment.app.published import CopyReader
from lead_enrichment.app.rendering import render
from lead_enrichment.matching.evidence import explanation_of, with_names
from lead_enrichment.matching.sentences import headline
from lead_enrichment.warehouse.lead_profile import profile
from lead_enrichment.warehouse.lookups import kept_rows_of_key, numbers_of, pairs_among, rows_of_key, rows_of_keys
from lead_enrichment.warehouse.reading import Row

router = APIRouter()
# The latest changes are shown at once, others where they are asked for.
MOST_PAIRS, FIRST_CHANGES, MOST_CHANGES = 12, 12, 200
# What is compared between the sources: title, column, how it is shown.
ATTRIBUTES = (
    ("Name", "name", ""), ("Legal name", "legal_name", ""), ("Contact", "contact_name", "titled"),
    ("Phone", "phone_e164", "phone"), ("Mobile", "mobile_e164", "phone"), ("E-mail", "email", ""),
    ("Web site", "website_domain", ""), ("House number", "house_number", ""), ("Street", "street", "titled"),
    ("Unit", "unit", ""), ("Town", "city", "titled"), ("County", "county", "titled"), ("State", "state", ""),
    ("ZIP", "postal_code", ""), ("Licence", "license_number", ""), ("Licence type", "license_type", "status"),
    ("Licence status", "license_status", "status"), ("Issued", "license_issued_on", ""),
    ("Expires", "license_expires_on", ""), ("Children", "capacity", ""), ("Enrolled", "enrollment", ""),
    ("Stars", "star_level", ""), ("Takes subsidies", "accepts_subsidy", ""), ("Sales status", "lead_status", "status"),
    ("Outreach", "outreach_stage", "status"), ("Campaign", "lead_source", ""),
    ("Last activity", "last_activity_on", ""),
)  # fmt: skip
# What is told of each lead beside them.
LEAD = ("lead_key", "source_key", "natural_id", "file_id", "row_number", "received_at")
WORK = """
    SELECT status, next_step, territory, territory_owner, priority, priority_decile, priority_terms, news
    FROM marts.sales_lead WHERE entity_key = ?
"""
# The pairs within the facility, and the nearest lead outside of it, by the numbers of the leads: among millions of
# pairs a number is found at once, and a key only by reading them all.
PAIR = "SELECT * FROM facts.fact_match_pair WHERE left_lead_number = ? AND right_lead_number = ?"
# What is told of a pair that is not explained, without joining what both leads say, as that view does.
VERDICT = """
    SELECT
        v.left_lead_key, v.right_lead_key, v.verdict, v.is_match, v.match_probability, v.reason,
        s.decision, s.decided_by, s.decided_at
    FROM intermediate.int_match_verdict AS v
    JOIN intermediate.int_match_score AS s USING (left_lead_number, right_lead_number)
    WHERE v.left_lead_number = ? AND v.right_lead_number = ?
"""
FAILURE = "lead_key, rule, points, reason, remedy"
FILES = "SELECT file_id, MIN(file_name) AS file_name FROM facts.fact_file_load GROUP BY file_id"


@router.get("/leads/{key:path}")
def show(request: Request, key: str) -> Response:
    """Show the facility of a key; the key of a lead leads to its facility."""
    with request.app.state.published.reading() as reader:
        whole = profile(reader.connection, key, ", ".join((*LEAD, *(column for _, column, _ in ATTRIBUTES))))
        if not whole.leads:
            found = rows_of_key(reader.connection, "facts.fact_lead_match", "lead_key", key, "entity_key")
            if not found or found[0]["entity_key"] == key:
                raise HTTPException(404)
            return RedirectResponse(f"/leads/{quote(found[0]['entity_key'])}", 303)
        names, changes = {lead["lead_key"]: lead["name"] for lead in whole.leads}, whole.changes[::-1]
        reasons = with_names(reader.connection, [lead["reason"] for lead in whole.leads])
        survived = kept_rows_of_key(
            reader.connection, "facts.fact_enriched_attribute", "entity_key", key, "attribute, reason"
        )
        files = reader.cached("files", lambda: {row["file_id"]: row["file_name"] for row in reader.rows(FILES)})
        return render(
            request,
            "lead.html",
            key=key,
            golden=whole.golden,
            leads=[Row(lead, words=text) for lead, text in zip(whole.leads, reasons, strict=True)],
            work=reader.row(WORK, key),
            compared=_compared(whole.leads, whole.golden, survived),
            pairs=_pairs(reader, names, whole.golden),
            scores={
                row["lead_key"]: row for row in rows_of_keys(reader.connection, "quality.lead_score", "lead_key", names)
            },
            failures=[
                row
                for lead in sorted(names)
                for row in sorted(
                    kept_rows_of_key(reader.connection, "quality.lead_failure", "lead_key", lead, FAILURE),
                    key=lambda row: (-row["points"], row["rule"]),
                )
            ],
            latest=changes[:FIRST_CHANGES],
            older=changes[FIRST_CHANGES:MOST_CHANGES],
            earlier=len(changes[FIRST_CHANGES:]),
            files=files,
        )


def _compared(leads: list[Row], golden: Row | None, survived: list[Row]) -> list[Row]:
    """Return the attributes that anybody tells: what counts, why, and what each lead says, marked where it differs."""
    reasons = {row["attribute"]: row for row in survived}
    found = []
    for title, column, shown in ATTRIBUTES:
        values = [lead[column] for lead in leads]
        if all(value is None for value in values):
            continue
        counts = golden.get(column) if golden else None
        wanted = str(counts).casefold() if counts is not None else None
        cells = [
            Row(value=value, differs=value is not None and wanted is not None and str(value).casefold() != wanted)
            for value in values
        ]
        why = reasons.get(column)
        found.append(Row(title=title, shown=shown, counts=counts, cells=cells, why=why["reason"] if why else ""))
    return found


def _pairs(reader: CopyReader, names: dict[str, str | None], golden: Row | None) -> list[Row]:
    """Return what speaks for and against the pairs of a facility, and its nearest neighbour.

    Args:
        reader: The copy.
        names: The facility's leads by key, and what each is called.
        golden: The facility's row of facts.fact_enriched_lead, where it counts.
    """
    own = {*numbers_of(reader.connection, names)}
    nearest = [golden["nearest_lead_key"]] if golden and golden["nearest_lead_key"] else []
    # Of a facility with many leads, the pairs with the one that stands for it are explained.
    standing = (golden["salesforce_lead_key"] or golden["state_lead_key"]) if golden else None
    stands = {*numbers_of(reader.connection, [standing])} if standing else own
    order = sorted(
        pairs_among(reader.connection, own | {*numbers_of(reader.connection, nearest)}),
        key=lambda row: (not row["is_match"], -row["match_weight"], row["left_lead_number"], row["right_lead_number"]),
    )
    found = []
    for row in order[:MOST_PAIRS]:
        sides = (row["left_lead_number"], row["right_lead_number"])
        if stands.isdisjoint(sides) and own.issuperset(sides):
            for pair in reader.rows(VERDICT, *sides):
                left, right = names[pair["left_lead_key"]], names[pair["right_lead_key"]]
                pair = Row(pair, name_left=left, name_right=right)
                found.append(Row(pair=pair, said=headline(pair), is_of_standing=False))
            continue
        for pair in reader.rows(PAIR, *sides):
            found.append(_explained(reader, pair))
    return found


def _explained(reader: CopyReader, pair: Row) -> Row:
    """Return a pair with its evidence in sentences and in bits."""
    explained = explanation_of(reader.connection, pair)
    assert explained.pair is not None
    return Row(
        pair=explained.pair, said=headline(explained.pair), evidence=explained.evidence, steps=explained.steps,
        is_of_standing=True,
    )  # fmt: skip
