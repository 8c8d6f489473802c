"""The attributes of the golden record: how a lead states each, and which columns of the record it fills."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Joined:
    """Texts in one line, those that are NULL passed over; NULL where all are."""

    separator: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class GoldenAttribute:
    """An attribute of a facility that is taken from one lead as a whole.

    The SQL is DuckDB's, over the columns of a lead; `seeds/survivorship.csv` says which lead's value survives.

    Args:
        name: Its name, as in seeds.survivorship.
        value: The value in one line, for people and to compare; NULL where the lead does not state it.
        columns: The columns of the golden record that it fills, by the same names as those of the lead.
        usable: Condition without which a lead does not state the attribute; empty where there is none.
        partial: Condition on which a value yields to a complete one; empty where each value is complete.
        key_type: The type of key in intermediate.int_match_over_shared, where a value stands that too many leads share;
            empty where the value is no contact.
    """

    name: str
    value: str | Joined
    columns: tuple[str, ...]
    usable: str = ""
    partial: str = ""
    key_type: str = ""


GOLDEN_ATTRIBUTES = (
    GoldenAttribute("name", "name", ("name", "legal_name", "name_type")),
    # A last name alone yields to a full name
    GoldenAttribute("contact", "contact_name", ("contact_name", "contact_role"), partial="NOT contact_name LIKE '% %'"),
    GoldenAttribute("phone", "phone_e164", ("phone_e164", "phone_type"), key_type="phone"),
    GoldenAttribute("mobile", "mobile_e164", ("mobile_e164",), key_type="phone"),
    # An address from which mail came back reaches nobody
    GoldenAttribute(
        "email",
        "email",
        ("email",),
        usable="COALESCE(email_bounced_reason, email_bounced_on::TEXT) IS NULL",
        key_type="email",
    ),
    GoldenAttribute("website", "website_domain", ("website_domain",)),
    # As a whole, so that a street never meets the ZIP of another lead
    GoldenAttribute(
        "address",
        Joined(" ", ("house_number", "street", "unit", "city", "state", "postal_code")),
        ("house_number", "street", "unit", "city", "county", "state", "postal_code"),
        partial="street IS NULL OR COALESCE(city, postal_code) IS NULL",
    ),
    GoldenAttribute(
        "license",
        Joined(" ", ("license_number", "license_type", "license_status")),
        (
            "license_number",
            "license_type",
            "is_license_provisional",
            "license_status",
            "license_issued_on",
            "license_expires_on",
            "has_disciplinary_action",
        ),
    ),
    GoldenAttribute("capacity", "capacity::TEXT", ("capacity",)),
    GoldenAttribute("enrollment", "enrollment::TEXT", ("enrollment",)),
    GoldenAttribute(
        "ages",
        Joined(
            " ",
            (
                "CASE WHEN serves_infants THEN 'infants' END",
                "CASE WHEN serves_toddlers THEN 'toddlers' END",
                "CASE WHEN serves_preschool THEN 'preschool' END",
                "CASE WHEN serves_school_age THEN 'school_age' END",
            ),
        ),
        ("serves_infants", "serves_toddlers", "serves_preschool", "serves_school_age"),
    ),
    GoldenAttribute(
        "subsidy",
        "CASE WHEN accepts_subsidy THEN 'taken' WHEN NOT accepts_subsidy THEN 'not taken' END",
        ("accepts_subsidy", "subsidy_contract_number"),
    ),
    GoldenAttribute("stars", "star_level::TEXT", ("star_level",)),
    GoldenAttribute(
        "stage",
        Joined(", ", ("lead_status", "CASE WHEN outreach_stage <> lead_status THEN outreach_stage END")),
        ("lead_status", "outreach_stage"),
    ),
    GoldenAttribute("campaign", "lead_source", ("lead_source",)),
    # Whoever became a customer stays one, whatever another lead of it says
    GoldenAttribute(
        "conversion",
        "CASE WHEN is_converted THEN 'converted' WHEN NOT is_converted THEN 'not converted' END",
        ("is_converted", "school_uuid"),
        partial="NOT is_converted",
    ),
)
