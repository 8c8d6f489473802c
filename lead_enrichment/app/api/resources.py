"""What the API tells, a resource each: columns, filters, key and scope. Paths and checks follow."""

from __future__ import annotations

from dataclasses import dataclass

# Scopes by which a token reads; lead_enrichment/app/api/tokens.py has all of them.
LEADS, QUALITY, OUTBOX = "leads:read", "quality:read", "outbox:read"
# Schema of the published copy that holds each resource as one table, whose `position` sorts it by its key. An app of an
# older version looks for tables without gaps in the schema `api`, and finds none.
SORTED_SCHEMA = "api_rows"
# What the position of a row is more than that of the one before, when the table is written whole.
POSITION_GAP = 2**32
STATUSES = ("known", "net_new", "to_review", "duplicate", "gone")


@dataclass(frozen=True)
class ApiField:
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
    fields: tuple[ApiField, ...]
    filters: tuple[Filter, ...] = ()
    joins: str = ""
    has_one: bool = False

    @property
    def sorted_table(self) -> str:
        """Name of the table of the published copy that holds the rows, with the `position` of each by its key."""
        return f"{SORTED_SCHEMA}.{self.name.replace('-', '_')}"


CURRENT = "intermediate.int_lead_current"


def _of(table: str, *fields: tuple[str, str, str]) -> tuple[ApiField, ...]:
    return tuple(ApiField(*given, table) for given in fields)


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
            ApiField("lead_key", "text", "Durable key: source and id"),
            ApiField("source_key", "text", "Source of the lead"),
            ApiField("entity_key", "text", "Facility that it is about"),
            ApiField("is_live", "boolean", "Whether it counts: listed and not deleted"),
            ApiField("match_status", "text", "known, net_new, to_review, duplicate or gone"),
            ApiField("confidence", "number", "How sure that is, from 0 to 1"),
            ApiField("duplicate_of_lead_key", "text", "The lead to keep; null where it is no duplicate"),
            ApiField("matched_lead_key", "text", "The lead that matches best"),
            ApiField("nearest_lead_key", "text", "The Salesforce lead that comes next to being it"),
            ApiField("reason", "text", "Why, in plain English"),
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
            ApiField("entity_key", "text", "The facility"),
            ApiField("lead_key", "text", "Lead that stands for it"),
            ApiField("salesforce_lead_key", "text", "Its Salesforce lead; null where sales does not know it"),
            ApiField("state_lead_key", "text", "Its lead of a state"),
            ApiField("status", "text", "Status in words"),
            ApiField("match_status", "text", "known, net_new or to_review"),
            ApiField("confidence", "number", "How sure that is, from 0 to 1"),
            ApiField("reason", "text", "Why, in plain English"),
            ApiField("next_step", "text", "What to do next"),
            ApiField("territory", "text", "Territory"),
            ApiField("priority", "number", "How much it is worth a call, in bits"),
            ApiField("facility_name", "text", "Name"),
            *(ApiField(*given) for given in CONTACT),
            ApiField("phone", "text", "Phone in E.164"),
            ApiField("mobile", "text", "Mobile phone in E.164"),
            ApiField("website", "text", "Host name of the web site"),
            ApiField("street_address", "text", "House number, street and unit"),
            ApiField("city", "text", "City"),
            ApiField("county", "text", "County"),
            ApiField("state", "text", "State"),
            ApiField("postal_code", "text", "ZIP"),
            ApiField("license_number", "text", "Licence number"),
            ApiField("license_type", "text", "Type of the licence"),
            ApiField("license_status", "text", "Status of the licence"),
            ApiField("license_issued_on", "date", "First issue"),
            ApiField("capacity", "integer", "Children that it may take"),
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
            ApiField("left_lead_key", "text", "One lead"),
            ApiField("right_lead_key", "text", "The other"),
            ApiField("verdict", "text", "match, review, sister_site or different"),
            ApiField("match_probability", "number", "Probability that the two are one facility, from 0 to 1"),
            ApiField("match_weight", "number", "Evidence in bits"),
            ApiField("blocking_keys", "text", "Keys by which the pair was found"),
            ApiField("veto", "text", "Rule that applies, whatever the evidence"),
            ApiField("decision", "text", "What a steward decided"),
            ApiField("decided_by", "text", "Who decided"),
            ApiField("decided_at", "datetime", "When"),
            ApiField("reason", "text", "Why, in plain English"),
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
            ApiField("incident_key", "text", "Key"),
            ApiField("state", "text", "open, acknowledged, snoozed (open from snoozed_until on) or resolved"),
            ApiField("severity", "text", "critical, error, warning or info"),
            ApiField("kind", "text", "rule, anomaly, file or audit"),
            ApiField("name", "text", "Rule, metric, file or audit"),
            ApiField("object_name", "text", "Table"),
            ApiField("source_key", "text", "Source"),
            ApiField("owner", "text", "Who answers for the data"),
            ApiField("cause", "text", "What was found"),
            ApiField("remedy", "text", "What to do"),
            ApiField("affected_leads", "integer", "Leads or rows"),
            ApiField("muted_by", "text", "The incident that explains it"),
            ApiField("handled_by", "text", "Who sees to it"),
            ApiField("snoozed_until", "datetime", "Until when nobody is told"),
            ApiField("first_seen_at", "datetime", "When it was first seen"),
            ApiField("last_seen_at", "datetime", "When it was last seen"),
            ApiField("opened_at", "datetime", "When it began"),
            ApiField("resolved_at", "datetime", "When it ended"),
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
            ApiField("attempt_id", "text", "Key of the attempt"),
            ApiField("file_id", "text", "SHA-256 of the file"),
            ApiField("source_key", "text", "Source"),
            ApiField("file_name", "text", "Name of the file"),
            ApiField("file_date", "date", "Date that it claims"),
            ApiField("status", "text", "loaded, duplicate, quarantined or withdrawn"),
            ApiField("reason", "text", "Why it was not loaded"),
            ApiField("rows_delivered", "integer", "Rows in the file"),
            ApiField("rows_loaded", "integer", "Rows taken in"),
            ApiField("rows_rejected", "integer", "Rows kept as rejected rows"),
            ApiField("received_at", "datetime", "When it was taken in"),
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
            ApiField("file_id", "text", "SHA-256 of the file"),
            ApiField("line_number", "integer", "Line of the file"),
            ApiField("source_key", "text", "Source"),
            ApiField("file_name", "text", "Name of the file"),
            ApiField("raw_text", "text", "The row as delivered"),
            ApiField("reason", "text", "Why"),
            ApiField("received_at", "datetime", "When the file was taken in"),
        ),
        (Filter("source", "source_key"), Filter("file_id", "file_id")),
    ),
    Resource(
        "outbox", "Change", "What should change in other systems, and what became of it.",
        OUTBOX, "outbox.change", ("outbox_key",),
        (
            ApiField("outbox_key", "text", "Key of the change"),
            ApiField("target", "text", "System"),
            ApiField("operation", "text", "create, update or merge"),
            ApiField("lead_key", "text", "Lead"),
            ApiField("external_id", "text", "External id by which a new lead is upserted"),
            ApiField("salesforce_id", "text", "Id of the record"),
            ApiField("field", "text", "ApiField; * for the record as a whole"),
            ApiField("old_value", "text", "Value that the extract shows"),
            ApiField("new_value", "text", "Value to send"),
            ApiField("reason", "text", "Why, in plain English"),
            ApiField("policy", "text", "Policy of the field"),
            ApiField("state", "text", "State"),
            ApiField("blocked_reason", "text", "Why it may not be sent"),
            ApiField("is_to_review", "boolean", "Whether the system refused the new lead as a duplicate"),
            ApiField("resembles_lead_key", "text", "Lead that the system takes it for"),
            ApiField("message", "text", "Answer of the system"),
            ApiField("state_at", "datetime", "When somebody last said something of it"),
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
        LEADS, "marts.metric_value", ("metric", "dimension", "member", "month"),
        (
            ApiField("metric", "text", "Metric"),
            ApiField("dimension", "text", "By what it is divided"),
            ApiField("member", "text", "Value of the dimension; all for the whole"),
            ApiField("month", "date", "First day of the month"),
            ApiField("numerator", "number", "Numerator"),
            ApiField("denominator", "number", "Denominator"),
            ApiField("value", "number", "Value"),
        ),
        (
            Filter("metric", "metric"), Filter("dimension", "dimension"), Filter("member", "member"),
            Filter("month_from", "month", "date", ">="),
        ),
    ),
)  # fmt: skip
