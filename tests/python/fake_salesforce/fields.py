"""The fields of the fake's objects, and what a value of each type looks like."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATUSES = ("New", "Assigned", "Working", "Connected", "Qualified", "Converted", "Recycled", "Unqualified")
READ_ONLY = (
    "Id", "IsDeleted", "MasterRecordId", "Name", "IsConverted", "CreatedDate", "CreatedById", "LastModifiedDate",
    "LastModifiedById", "SystemModstamp", "LastActivityDate", "LastViewedDate", "LastReferencedDate",
    "EmailBouncedReason", "EmailBouncedDate",
)  # fmt: skip
# The characters of an id's check sum.
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True)
class Field:
    """A field of an object.

    Args:
        name: Its API name.
        kind: The type as describe names it.
        length: Characters that it takes; 0 without a limit.
        is_external_id: Whether rows can be upserted by it; unique then, too.
        values: Of a restricted picklist.
    """

    name: str
    kind: str = "string"
    length: int = 255
    is_required: bool = False
    is_external_id: bool = False
    values: tuple[str, ...] = ()

    @property
    def is_writable(self) -> bool:
        """Whether a client may set it."""
        return self.name not in READ_ONLY

    def describe(self) -> dict[str, Any]:
        """Return it as describe has it."""
        return {
            "name": self.name, "label": self.name.removesuffix("__c").replace("_", " "), "type": self.kind,
            "length": self.length, "custom": self.name.endswith("__c"), "nillable": not self.is_required,
            "createable": self.is_writable, "updateable": self.is_writable, "externalId": self.is_external_id,
            "unique": self.is_external_id, "idLookup": self.is_external_id or self.name in ("Id", "Email"),
            "filterable": True, "sortable": True, "groupable": True, "permissionable": self.is_writable,
            "defaultedOnCreate": self.name in ("IsDeleted", "Status", "OwnerId"), "restrictedPicklist": False,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
                for value in self.values
            ],
            "referenceTo": ["User"] if self.kind == "reference" else [],
            "relationshipName": self.name.removesuffix("Id") if self.kind == "reference" else None,
            "soapType": {"double": "xsd:double", "boolean": "xsd:boolean", "datetime": "xsd:dateTime",
                         "date": "xsd:date", "id": "tns:ID"}.get(self.kind, "xsd:string"),
        }  # fmt: skip


LEAD = (
    Field("Id", "id", 18),
    Field("IsDeleted", "boolean", 0),
    Field("MasterRecordId", "reference", 18),
    Field("LastName", length=80, is_required=True),
    Field("FirstName", length=40),
    Field("Name", length=121),
    Field("Title", length=128),
    Field("Company", is_required=True),
    Field("Street", "textarea"),
    Field("City", length=40),
    Field("State", length=80),
    Field("PostalCode", length=20),
    Field("Country", length=80),
    Field("Phone", "phone", 40),
    Field("MobilePhone", "phone", 40),
    Field("Email", "email", 80),
    Field("Website", "url"),
    Field("LeadSource", "picklist"),
    Field("Status", "picklist", values=STATUSES),
    Field("OwnerId", "reference", 18),
    Field("IsConverted", "boolean", 0),
    Field("CreatedDate", "datetime", 0),
    Field("CreatedById", "reference", 18),
    Field("LastModifiedDate", "datetime", 0),
    Field("LastModifiedById", "reference", 18),
    Field("SystemModstamp", "datetime", 0),
    Field("LastActivityDate", "date", 0),
    Field("LastViewedDate", "datetime", 0),
    Field("LastReferencedDate", "datetime", 0),
    Field("EmailBouncedReason"),
    Field("EmailBouncedDate", "datetime", 0),
    # What this sales team has of its own.
    Field("Outreach_Stage__c"),
    Field("Current_Enrollment__c", "double", 0),
    Field("Capacity__c", "double", 0),
    Field("Lead_Source_Last_Updated__c", "date", 0),
    Field("Brightwheel_School_UUID__c", length=64),
)
OBJECTS = {
    "Organization": (
        *(Field(name) for name in ("Id", "Name", "InstanceName", "OrganizationType", "NamespacePrefix")),
        Field("IsSandbox", "boolean", 0),
        Field("TrialExpirationDate", "datetime", 0),
    ),
    "User": tuple(Field(name) for name in ("Id", "Username", "Name", "Email")),
}


def deployed_fields(folder: Path) -> list[Field]:
    """Return the custom fields of Lead that metadata files describe, as Salesforce would read them."""
    kinds = {"Text": "string", "Number": "double", "DateTime": "datetime", "Date": "date", "Checkbox": "boolean"}
    found = []
    for path in sorted((folder / "objects" / "Lead" / "fields").glob("*.field-meta.xml")):
        tags = {re.sub("{.*}", "", item.tag): (item.text or "").strip() for item in ET.parse(path).getroot()}
        assert path.name == f"{tags['fullName']}.field-meta.xml", path
        is_external = tags.get("externalId") == "true"
        assert not is_external or tags.get("unique") == "true", f"{path}: two creates at once would make two rows"
        found.append(
            Field(tags["fullName"], kinds[tags["type"]], int(tags.get("length", 0)), is_external_id=is_external)
        )
    return found


def full_id(text: str) -> str:
    """Return an id of 15 signs with the three that make it safe where case is lost."""
    if len(text) != 15:
        return text
    check = ""
    for part in (text[0:5], text[5:10], text[10:15]):
        check += CHECK[sum(1 << place for place, sign in enumerate(part) if sign.isupper())]
    return text + check
