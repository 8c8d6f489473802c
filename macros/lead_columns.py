"""The conformed lead shape, written once: every staging model gives it, every later model passes it on."""

from __future__ import annotations

from sqlglot import exp
from sqlmesh import macro

# Name, type and description of each column, in the order in which they stand in every model.
LEAD_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("lead_key", "TEXT", "Durable key of the lead: source, a colon and the source's own id"),
    ("source_key", "TEXT", "Source that delivered the lead, such as salesforce or texas"),
    ("natural_id", "TEXT", "The id that the source itself gives: Salesforce id or licence number"),
    ("content_hash", "TEXT", "MD5 over the key and every tracked attribute; equal where nothing has changed"),
    ("name_raw", "TEXT", "Company or operation name as delivered"),
    ("name", "TEXT", "Name to show: mojibake mended, article in front, the trade name where a DBA is given"),
    ("legal_name", "TEXT", "The party in front of DBA, or the name itself where there is no DBA"),
    ("name_normal", "TEXT", "Match-normal form of the name: upper case, no punctuation, legal suffix or article"),
    ("name_type", "TEXT", "person where the name is that of a person, otherwise business"),
    ("contact_name_raw", "TEXT", "Contact person as delivered"),
    ("contact_name", "TEXT", "First contact person, first name first"),
    ("contact_role", "TEXT", "Role or title of the contact person"),
    ("contact_names_other", "TEXT", "Further contact persons, separated by semicolons"),
    ("phone_raw", "TEXT", "Phone as delivered"),
    ("phone_e164", "TEXT", "Phone in E.164; NULL where it is not valid"),
    ("phone_type", "TEXT", "Kind of line as phonenumbers names it, such as FIXED_LINE_OR_MOBILE"),
    ("phone_reason", "TEXT", "Why phone_e164 is NULL although a phone was delivered, or placeholder"),
    ("mobile_raw", "TEXT", "Mobile phone as delivered"),
    ("mobile_e164", "TEXT", "Mobile phone in E.164; NULL where it is not valid"),
    ("mobile_reason", "TEXT", "Why mobile_e164 is NULL although one was delivered, or placeholder"),
    ("email_raw", "TEXT", "E-mail address as delivered"),
    ("email", "TEXT", "E-mail address in lower case; NULL where it is not valid"),
    ("email_reason", "TEXT", "Why email is NULL although one was delivered, or placeholder"),
    ("website_raw", "TEXT", "Web site as delivered"),
    ("website_domain", "TEXT", "Host name of the web site without www"),
    ("address_raw", "TEXT", "Street address as delivered, in one line"),
    ("house_number", "TEXT", "House number"),
    ("street", "TEXT", "Street without house number and unit, in the form of USPS Publication 28"),
    ("unit", "TEXT", "Suite, unit, apartment or building, in the form of USPS Publication 28"),
    ("address_reason", "TEXT", "What could not be read in the address; NULL where all was"),
    ("city", "TEXT", "City in upper case"),
    ("county", "TEXT", "County in upper case, where the source tells it"),
    ("state_raw", "TEXT", "State or province as delivered"),
    ("state", "TEXT", "Two-letter code of state or province; NULL where it is none"),
    ("postal_code_raw", "TEXT", "ZIP or postcode as delivered"),
    ("postal_code", "TEXT", "ZIP of five digits, or Canadian postcode as A1A 1A1; NULL where it is none"),
    ("country", "TEXT", "Two-letter country code"),
    ("license_number", "TEXT", "Licence number as the state writes it"),
    ("license_type_raw", "TEXT", "Licence type as delivered"),
    ("license_type", "TEXT", "Conformed licence type: center, group_home, family_home, accommodation, permit, other"),
    ("is_license_provisional", "BOOLEAN", "Whether the licence is provisional"),
    ("license_status_raw", "TEXT", "Licence status as delivered"),
    ("license_status", "TEXT", "Conformed licence status: active or unknown"),
    ("license_issued_on", "DATE", "First issue of the licence, or start of its monitoring"),
    ("license_expires_on", "DATE", "Expiry of the licence"),
    ("has_disciplinary_action", "BOOLEAN", "Whether the state lists a disciplinary action"),
    ("monitoring_frequency", "TEXT", "How often the state inspects"),
    ("agency_number", "TEXT", "Texas agency number"),
    ("facility_id", "TEXT", "Texas facility id"),
    ("capacity", "INT", "Children that the facility may take"),
    ("enrollment", "INT", "Children enrolled, as sales knows it"),
    ("serves_infants", "BOOLEAN", "Whether infants are taken"),
    ("serves_toddlers", "BOOLEAN", "Whether toddlers are taken"),
    ("serves_preschool", "BOOLEAN", "Whether preschool children are taken"),
    ("serves_school_age", "BOOLEAN", "Whether school-age children are taken"),
    ("accepts_subsidy", "BOOLEAN", "Whether subsidised children are taken"),
    ("subsidy_contract_number", "TEXT", "Number of the subsidy contract"),
    ("star_level", "INT", "Quality stars of the state, 1 to 5"),
    ("is_year_round", "BOOLEAN", "Whether the facility is open all year"),
    ("has_daytime_hours", "BOOLEAN", "Whether it is open by day"),
    ("has_evening_hours", "BOOLEAN", "Whether it is open in the evening"),
    ("schedule", "TEXT", "Opening hours by day of the week, in one line"),
    ("lead_status", "TEXT", "Sales status in Salesforce"),
    ("outreach_stage", "TEXT", "Refinement of the sales status"),
    ("lead_source", "TEXT", "Campaign or channel by which sales got the lead"),
    ("lead_source_updated_on", "DATE", "When the campaign or channel was last set"),
    ("school_uuid", "TEXT", "Id of the school in the product"),
    ("is_converted", "BOOLEAN", "Whether the lead became a customer"),
    ("is_deleted", "BOOLEAN", "Whether Salesforce has deleted the lead; FALSE for states"),
    ("email_bounced_reason", "TEXT", "Why the last e-mail came back"),
    ("email_bounced_on", "DATE", "When the last e-mail came back"),
    ("last_activity_on", "DATE", "Last activity of sales on the lead"),
    ("source_created_at", "TIMESTAMPTZ", "When the source created the lead"),
    ("source_modified_at", "TIMESTAMPTZ", "When the source last changed the lead; not tracked as a change"),
    ("last_viewed_on", "DATE", "Last view in Salesforce; not tracked as a change"),
    ("last_referenced_on", "DATE", "Last reference in Salesforce; not tracked as a change"),
    (
        "unparsed",
        "TEXT",
        "Values that could not be read, as column=value, separated by semicolons; NULL where none",
    ),
    ("rescued", "TEXT", "JSON of delivered columns that the contract does not know"),
    ("file_id", "TEXT", "SHA-256 of the delivery that brought the row"),
    ("row_number", "BIGINT", "Number of the row in its delivery, from 1"),
    ("file_date", "DATE", "Date that the delivery claims"),
    ("received_at", "TIMESTAMPTZ", "When the project took the delivery in, UTC"),
    ("received_on", "DATE", "Date of received_at; the incremental clock"),
)

# Columns that do not make a new version when they alone differ.
UNTRACKED_COLUMNS = (
    "lead_key",
    "source_key",
    "natural_id",
    "content_hash",
    "source_modified_at",
    "last_viewed_on",
    "last_referenced_on",
    "file_id",
    "row_number",
    "file_date",
    "received_at",
    "received_on",
)


@macro()
def lead_columns(evaluator, relation, *without):  # type: ignore[no-untyped-def]
    """Give the conformed lead columns of a relation, cast and described, in their fixed order.

    Args:
        relation: Alias of the relation that holds them.
        without: Names of columns to leave out.

    Returns:
        One projection a column.
    """
    table = relation.name
    left_out = {column.name for column in without}
    projections = []
    for name, data_type, description in LEAD_COLUMNS:
        if name in left_out:
            continue
        projection = exp.cast(exp.column(name, table=table), data_type, dialect="duckdb").as_(name)
        projection.add_comments([description])
        projections.append(projection)
    return projections
