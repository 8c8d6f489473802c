"""Words of headers: what a column most likely holds by its name, and whose it is."""

from __future__ import annotations

import re

# What belongs to the state's own people and offices, or is not the facility's first address or phone.
NOT_THEIRS = re.compile(
    r"licensor|licensing|inspector|regulator|specialist|analyst|consultant|investigator|surveyor|monitor|case_?worker|worker|"
    r"supervisor|county_office|state_office|regional|region|district|office|agency|department|division|bureau|"
    r"complaint|hotline|emergency|mailing|billing|(^|_)fax(_|$)"
)
# Persons: their names are not that of the facility.
PERSONS = re.compile(r"contact|director|owner|caregiver|administrator|licensee|(^|_)(first|last|middle)(_|$)|surname")
# By the tag of a contract's column: words that its header has with other sources.
TAG_WORDS = {
    "name": r"name|facility|business|provider|center|company|dba|operation|organi[sz]ation|school",
    "phone": r"phone|telephone|tel",
    "mobile": r"mobile|cell",
    "email": r"email|e_mail|mail",
    "address": r"address\w*|street|location",
    "one_line_address": r"address\w*|location",
}


def words_of(header: str) -> str:
    """Return a header as small words between underscores."""
    return re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")


def is_theirs(header: str) -> bool:
    """Whether a header speaks of the facility, not of the state's office for it."""
    return not NOT_THEIRS.search(words_of(header))


def has_word_of(header: str, tag: str) -> bool:
    """Whether a header has a word under which other sources deliver what the tag means; a person's name is no name."""
    words = words_of(header)
    if tag not in TAG_WORDS or (tag == "name" and PERSONS.search(words)):
        return False
    return re.search(rf"(^|_)({TAG_WORDS[tag]})(_|$)", words) is not None
