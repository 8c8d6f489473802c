"""The fields of Salesforce that changes are about: what a lead shows in each, and what the golden record puts there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CrmField:
    """A field of a Salesforce lead. The SQL is DuckDB's, over the columns of a lead or of the golden record.

    Args:
        name: Its API name.
        attribute: The attribute of the golden record that it belongs to, as in seeds.survivorship.
        value: What to send, over the golden record.
        length: Characters that Salesforce takes.
        shown: The field as the extract shows it, over the lead; NULL where it is blank. Empty for a field that is only
            set in new leads, because the extract does not show whether it is blank.
        is_phone: Whether two spellings of a phone are one value.
    """

    name: str
    attribute: str
    value: str
    length: int
    shown: str = ""
    is_phone: bool = False


# What stands in front of the last word; Salesforce asks for a last name, and this is what it puts there itself.
FIRST_NAME = "NULLIF(TRIM(REGEXP_REPLACE(contact_name, '[^ ]+$', '', 'g')), '')"
LAST_NAME = "COALESCE(NULLIF(REGEXP_REPLACE(contact_name, '^.* ', '', 'g'), ''), '[not provided]')"
STREET = "NULLIF(TRIM(CONCAT(COALESCE(house_number, ''), ' ', COALESCE(street, ''), ' ', COALESCE(unit, ''))), '')"


def _phone(column: str) -> str:
    """Return the SQL of a phone as people in the United States read it; one of another country stays in E.164."""
    digits = f"SUBSTRING({column}, 3)"
    spelled = f"CONCAT('(', LEFT({digits}, 3), ') ', SUBSTRING({digits}, 4, 3), '-', SUBSTRING({digits}, 7))"
    return f"CASE WHEN REGEXP_MATCHES({column}, '^[+]1[0-9]{{10}}$') THEN {spelled} ELSE {column} END"


CRM_FIELDS = (
    CrmField("Company", "name", "name", 255),
    CrmField("FirstName", "contact", FIRST_NAME, 40),
    CrmField("LastName", "contact", LAST_NAME, 80),
    CrmField("Title", "contact", "contact_role", 128),
    CrmField("Phone", "phone", _phone("phone_e164"), 40, "COALESCE(phone_e164, phone_raw)", is_phone=True),
    CrmField("MobilePhone", "mobile", _phone("mobile_e164"), 40, "COALESCE(mobile_e164, mobile_raw)", is_phone=True),
    CrmField("Email", "email", "email", 80, "COALESCE(email, email_raw)"),
    CrmField("Website", "website", "website_domain", 255, "COALESCE(website_domain, website_raw)"),
    # An address that could not be read is there all the same
    CrmField("Street", "address", STREET, 255, f"COALESCE({STREET}, address_raw)"),
    CrmField("City", "address", "city", 40, "city"),
    CrmField("State", "address", "state", 80, "COALESCE(state, state_raw)"),
    CrmField("PostalCode", "address", "postal_code", 20, "COALESCE(postal_code, postal_code_raw)"),
    CrmField("Country", "address", "CASE WHEN NOT state IS NULL THEN 'US' END", 80),
    CrmField(
        "Capacity__c",
        "capacity",
        "capacity::TEXT",
        18,
        "COALESCE(capacity::TEXT, CASE WHEN unparsed LIKE '%capacity%' THEN unparsed END)",
    ),
)
# Those of which the extract shows whether they are blank: changes are about these.
SHOWN_FIELDS = tuple(item for item in CRM_FIELDS if item.shown)
# Together they name one place: none of them is filled beside one that contradicts.
ADDRESS_FIELDS = tuple(item.name for item in SHOWN_FIELDS if item.attribute == "address")
