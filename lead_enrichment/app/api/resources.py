"""What the API tells, a resource each: columns, filters, key and scope. Paths and checks follow."""

from __future__ import annotations

from dataclasses import dataclass

from lead_enrichment.app.api.tokens import LEADS, OUTBOX, QUALITY

STATUSES = ("known", "net_new", "to_review", "duplicate", "gone")


@dataclass(frozen=True)
class Field:
    """A column of a resource.

    Args:
        name: Its name, in the answer and in the table.
        kind: text, integer, number, boolean, date or datetime.
        description: What it is.
        of: Table that holds it, where it is not the resource's first.
    """

    name: str
    kind: str
    description: str
    of: str = ""


@dataclass(frozen=True)
class Filter:
    """A parameter by which rows are chosen.

    Args:
        name: Its name.
        column: Column of the first table that it is held against.
        kind: text, boolean or date.
        sign: = or >=.
        values: What it may be; anything where it is empty.
    """

    name: str
    column: str
    kind: str = "text"
    sign: str = "="
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """Rows that the API tells.

    Args:
        name: Its path, in the plural.
        title: What a row is.
        description: What the resource is.
        scope: Scope that opens it.
        table: Table of the published copy.
        key: Columns by which rows are sorted and paged; together unique.
        fields: What is told of a row.
        filters: By what rows are chosen.
        joins: A second table with the same key, of which some fields are.
        has_one: Whether a row has a path of its own, by its key.
    """

    name: str
    title: str
    description: str
    scope: str
    table: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    filters: tuple[Filter, ...] = ()
    joins: str = ""
    has_one: bool = False


CURRENT = "intermediate.int_lead_current"


def _of(table: str, *fields: tuple[str, str, str]) -> tuple[Field, ...]:
    return tuple(Field(*given, table) for given in fields)


CONTACT = (
    ("contact_name", "text", "Person to ask for"),
    ("email", "text", "E-mail address"),
)
RESOURCES = (
    Resource(
        "leads", "Lead",
        "Every lead of every source as it is now: what it is, whether it is a duplicate or net-new, and why.",
        LEADS, "facts.fact_lead_match", ("lead_key",),
        (
            Field("lead_key", "text", "Durable key: source and id"),
            Field("source_key", "text", "Source of the lead"),
            Field("entity_key", "text", "Facility that it is about"),
            Field("is_live", "boolean", "Whether it counts: listed and not deleted"),
            Field("match_status", "text", "known, net_new, to_review, duplicate or gone"),
            Field("confidence", "number", "How sure that is, from 0 to 1"),
            Field("duplicate_of_lead_key", "text", "The lead to keep; null where it is no duplicate"),
            Field("matched_lead_key", "text", "The lead that matches best"),
            Field("nearest_lead_key", "text", "The Salesforce lead that comes next to being it"),
            Field("reason", "text", "Why, in plain English"),
            *_of(
                CURRENT, ("name", "text", "Name"), ("legal_name", "text", "Who holds the licence"), *CONTACT,
                ("phone_e164", "text", "Phone in E.164"), ("mobile_e164", "text", "Mobile phone in E.164"),
                ("website_domain", "text", "Host name of the web site"), ("house_number", "text", "House number"),
                ("street", "text", "Street"), ("unit", "text", "Unit"), ("city", "text", "City"),
                ("county", "text", "County"), ("state", "text", "State"), ("postal_code", "text", "ZIP"),
                ("license_number", "text", "Licence number"), ("license_type", "text", "Type of the licence"),
                ("license_status", "text", "Status of the licence"), ("license_issued_on", "date", "First issue"),
                ("capacity", "integer", "Children that it may take"), ("lead_status", "text", "Status in Salesforce"),
                ("received_at", "datetime", "When its last version was taken in"),
            ),
        ),
        (
            Filter("source", "source_key"), Filter("status", "match_status", values=STATUSES),
            Filter("entity_key", "entity_key"), Filter("is_live", "is_live", "boolean"),
        ),
        CURRENT, True,
    ),
    Resource(
        "facilities", "Facility", "Live facilities, each with the golden record of its leads, and what to do next.",
        LEADS, "marts.sales_lead", ("entity_key",),
        (
            Field("entity_key", "text", "The facility"),
            Field("lead_key", "text", "Lead that stands for it"),
            Field("salesforce_lead_key", "text", "Its Salesforce lead; null where sales does not know it"),
            Field("state_lead_key", "text", "Its lead of a state"),
            Field("status", "text", "Status in words"),
            Field("match_status", "text", "known, net_new or to_review"),
            Field("confidence", "number", "How sure that is, from 0 to 1"),
            Field("reason", "text", "Why, in plain English"),
            Field("next_step", "text", "What to do next"),
            Field("territory", "text", "Territory"),
            Field("priority", "number", "How much it is worth a call, in bits"),
            Field("facility_name", "text", "Name"),
            *(Field(*given) for given in CONTACT),
            Field("phone", "text", "Phone in E.164"),
            Field("mobile", "text", "Mobile phone in E.164"),
            Field("website", "text", "Host name of the web site"),
            Field("street_address", "text", "House number, street and unit"),
            Field("city", "text", "City"),
            Field("county", "text", "County"),
            Field("state", "text", "State"),
            Field("postal_code", "text", "ZIP"),
            Field("license_number", "text", "Licence number"),
            Field("license_type", "text", "Type of the licence"),
            Field("license_status", "text", "Status of the licence"),
            Field("license_issued_on", "date", "First issue"),
            Field("capacity", "integer", "Children that it may take"),
        ),
        (
            Filter("match_status", "match_status", values=("known", "net_new", "to_review")),
            Filter("state", "state"), Filter("county", "county"), Filter("postal_code", "postal_code"),
            Filter("territory", "territory"), Filter("license_type", "license_type"),
        ),
        has_one=True,
    ),
    Resource(
        "matches", "Match", "Pairs of leads that were compared, with the verdict and why.",
        LEADS, "facts.fact_match_pair", ("left_lead_key", "right_lead_key"),
        (
            Field("left_lead_key", "text", "One lead"),
            Field("right_lead_key", "text", "The other"),
            Field("verdict", "text", "match, review, sister_site or different"),
            Field("match_probability", "number", "Probability that the two are one facility, from 0 to 1"),
            Field("match_weight", "number", "Evidence in bits"),
            Field("blocking_keys", "text", "Keys by which the pair was found"),
            Field("veto", "text", "Rule that applies, whatever the evidence"),
            Field("decision", "text", "What a steward decided"),
            Field("decided_by", "text", "Who decided"),
            Field("decided_at", "datetime", "When"),
            Field("reason", "text", "Why, in plain English"),
        ),
        (
            Filter("lead_key", "left_lead_key"), Filter("other_lead_key", "right_lead_key"),
            Filter("verdict", "verdict", values=("match", "review", "sister_site", "different")),
        ),
    ),
    Resource(
        "incidents", "Incident", "Problems with the data. A snooze that is over leaves an incident open.",
        QUALITY, "quality.incident", ("incident_key",),
        (
            Field("incident_key", "text", "Key"),
            Field("state", "text", "open, acknowledged, snoozed (open from snoozed_until on) or resolved"),
            Field("severity", "text", "critical, error, warning or info"),
            Field("kind", "text", "rule, anomaly, file or audit"),
            Field("name", "text", "Rule, metric, file or audit"),
            Field("object_name", "text", "Table"),
            Field("source_key", "text", "Source"),
            Field("owner", "text", "Who answers for the data"),
            Field("cause", "text", "What was found"),
            Field("remedy", "text", "What to do"),
            Field("affected_leads", "integer", "Leads or rows"),
            Field("muted_by", "text", "The incident that explains it"),
            Field("handled_by", "text", "Who sees to it"),
            Field("snoozed_until", "datetime", "Until when nobody is told"),
            Field("first_seen_at", "datetime", "When it was first seen"),
            Field("last_seen_at", "datetime", "When it was last seen"),
            Field("opened_at", "datetime", "When it began"),
            Field("resolved_at", "datetime", "When it ended"),
        ),
        (
            Filter("state", "state", values=("open", "acknowledged", "snoozed", "resolved")),
            Filter("severity", "severity", values=("critical", "error", "warning", "info")),
            Filter("source", "source_key"), Filter("owner", "owner"),
        ),
        has_one=True,
    ),
    Resource(
        "deliveries", "Delivery", "Every attempt to take a file in, and what became of it.",
        QUALITY, "facts.fact_file_load", ("attempt_id",),
        (
            Field("attempt_id", "text", "Key of the attempt"),
            Field("file_id", "text", "SHA-256 of the file"),
            Field("source_key", "text", "Source"),
            Field("file_name", "text", "Name of the file"),
            Field("file_date", "date", "Date that it claims"),
            Field("status", "text", "loaded, duplicate, quarantined or withdrawn"),
            Field("reason", "text", "Why it was not loaded"),
            Field("rows_delivered", "integer", "Rows in the file"),
            Field("rows_loaded", "integer", "Rows taken in"),
            Field("rows_rejected", "integer", "Rows kept as rejected rows"),
            Field("received_at", "datetime", "When it was taken in"),
        ),
        (
            Filter("source", "source_key"),
            Filter("status", "status", values=("loaded", "duplicate", "quarantined", "withdrawn")),
            Filter("file_date_from", "file_date", "date", ">="),
        ),
        has_one=True,
    ),
    Resource(
        "rejected-rows", "RejectedRow", "Delivered rows that could not be taken in, as they came.",
        QUALITY, "ops.rejected_row", ("file_id", "line_number"),
        (
            Field("file_id", "text", "SHA-256 of the file"),
            Field("line_number", "integer", "Line of the file"),
            Field("source_key", "text", "Source"),
            Field("file_name", "text", "Name of the file"),
            Field("raw_text", "text", "The row as delivered"),
            Field("reason", "text", "Why"),
            Field("received_at", "datetime", "When the file was taken in"),
        ),
        (Filter("source", "source_key"), Filter("file_id", "file_id")),
    ),
    Resource(
        "outbox", "Change", "What should change in other systems, and what became of it.",
        OUTBOX, "outbox.change", ("outbox_key",),
        (
            Field("outbox_key", "text", "Key of the change"),
            Field("target", "text", "System"),
            Field("operation", "text", "create, update or merge"),
            Field("lead_key", "text", "Lead"),
            Field("external_id", "text", "External id by which a new lead is upserted"),
            Field("salesforce_id", "text", "Id of the record"),
            Field("field", "text", "Field; * for the record as a whole"),
            Field("old_value", "text", "Value that the extract shows"),
            Field("new_value", "text", "Value to send"),
            Field("reason", "text", "Why, in plain English"),
            Field("policy", "text", "Policy of the field"),
            Field("state", "text", "State"),
            Field("blocked_reason", "text", "Why it may not be sent"),
            Field("message", "text", "Answer of the system"),
            Field("state_at", "datetime", "When somebody last said something of it"),
        ),
        (
            Filter("target", "target"), Filter("lead_key", "lead_key"),
            Filter("operation", "operation", values=("create", "update", "merge")),
            Filter(
                "state", "state",
                values=(
                    "pending", "claimed", "accepted", "confirmed", "rejected", "conflict", "superseded", "withdrawn",
                ),
            ),
        ),
        has_one=True,
    ),
    Resource(
        "metrics", "MetricValue", "Numbers by month and dimension, as the app shows them.",
        LEADS, "marts.metric_value", ("metric", "dimension", "dimension_value", "month"),
        (
            Field("metric", "text", "Metric"),
            Field("dimension", "text", "By what it is divided"),
            Field("dimension_value", "text", "Its value"),
            Field("month", "date", "First day of the month"),
            Field("numerator", "number", "Numerator"),
            Field("denominator", "number", "Denominator"),
            Field("value", "number", "Value"),
        ),
        (Filter("metric", "metric"), Filter("dimension", "dimension"), Filter("month_from", "month", "date", ">=")),
    ),
)  # fmt: skip
