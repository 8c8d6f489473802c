"""What the history of a lead shows of each version, attribute by attribute."""

from __future__ import annotations

from lead_enrichment.golden_record import GOLDEN_ATTRIBUTES, GoldenAttribute, Joined

# Beside the attributes of the golden record, whose values people know by the same names.
_FURTHER = (
    GoldenAttribute(
        "listing", "CASE WHEN is_listed THEN 'listed' WHEN NOT is_listed THEN 'no longer listed' END", ("is_listed",)
    ),
    GoldenAttribute(
        "deletion", "CASE WHEN is_deleted THEN 'deleted' WHEN NOT is_deleted THEN 'not deleted' END", ("is_deleted",)
    ),
    GoldenAttribute("legal name", "legal_name", ("legal_name",)),
    GoldenAttribute("contact role", "contact_role", ("contact_role",)),
    GoldenAttribute("further contacts", "contact_names_other", ("contact_names_other",)),
    GoldenAttribute(
        "further phones", Joined("; ", ("phones_other", "mobiles_other")), ("phones_other", "mobiles_other")
    ),
    GoldenAttribute("further e-mail", "emails_other", ("emails_other",)),
    GoldenAttribute(
        "bounced e-mail",
        Joined(", ", ("email_bounced_on::TEXT", "email_bounced_reason")),
        ("email_bounced_on", "email_bounced_reason"),
    ),
    GoldenAttribute("county", "county", ("county",)),
    GoldenAttribute("country", "country", ("country",)),
    GoldenAttribute(
        "licence dates",
        Joined(", ", ("'issued ' || license_issued_on::TEXT", "'expires ' || license_expires_on::TEXT")),
        ("license_issued_on", "license_expires_on"),
    ),
    GoldenAttribute(
        "licence conditions",
        Joined(
            ", ",
            (
                "CASE WHEN is_license_provisional THEN 'provisional' END",
                "CASE WHEN has_disciplinary_action THEN 'disciplinary action' END",
            ),
        ),
        ("is_license_provisional", "has_disciplinary_action"),
    ),
    GoldenAttribute("inspection", "monitoring_frequency", ("monitoring_frequency",)),
    GoldenAttribute("agency", Joined(", ", ("agency_number", "facility_id")), ("agency_number", "facility_id")),
    GoldenAttribute("subsidy contract", "subsidy_contract_number", ("subsidy_contract_number",)),
    GoldenAttribute(
        "opening",
        Joined(
            ", ",
            (
                "schedule",
                "CASE WHEN is_year_round THEN 'all year' END",
                "CASE WHEN has_daytime_hours THEN 'by day' END",
                "CASE WHEN has_evening_hours THEN 'in the evening' END",
            ),
        ),
        ("schedule", "is_year_round", "has_daytime_hours", "has_evening_hours"),
    ),
    GoldenAttribute("campaign date", "lead_source_updated_on::TEXT", ("lead_source_updated_on",)),
    GoldenAttribute("school", "school_uuid", ("school_uuid",)),
    GoldenAttribute("last activity", "last_activity_on::TEXT", ("last_activity_on",)),
)

HISTORY_ATTRIBUTES = (*GOLDEN_ATTRIBUTES, *_FURTHER)
