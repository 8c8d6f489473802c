"""Words of headers: what a column most likely holds by its header, and whose it is."""

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
# By what a column holds, the words of its header. Where the words of several fit, the first counts: State License Type
# is a state.
WORDS = {
    "email": r"email|e_mail|mail",
    "phone": r"phone|telephone|tel",
    "zip": r"zip|zipcode|postal",
    "county": r"county|parish",
    "city": r"city|town",
    "state": r"state",
    "address": r"address\w*|street|location",
    "expires": r"expiration|expires|expiry",
    "issued": r"issued?|effective",
    "capacity": r"capacity|cap|slots",
    "status": r"status",
    "type": r"type|category",
    "name": r"name",
}
# By the tag of a contract's column, the words under which sources deliver what it means: a name also under what the
# facility is.
WORDS_OF_TAG = {
    **{tag: WORDS[tag] for tag in ("phone", "email", "address")},
    "name": rf"{WORDS['name']}|facility|business|provider|center|company|dba|operation|organi[sz]ation|school",
    "mobile": r"mobile|cell",
    "one_line_address": r"address\w*|location",
}


def words_of(header: str) -> str:
    """Return a header as small words between underscores."""
    return re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")


def is_theirs(header: str) -> bool:
    """Whether a header speaks of the facility, not of the state's office for it."""
    return not NOT_THEIRS.search(words_of(header))


def has_word_for(header: str, held: str) -> bool:
    """Whether a header has a word for what a column may hold, a key of WORDS; a person's name is no name."""
    return _has_word(header, held, WORDS)


def has_word_of_tag(header: str, tag: str) -> bool:
    """Whether a header has a word under which other sources deliver what a tag means; a person's name is no name."""
    return tag in WORDS_OF_TAG and _has_word(header, tag, WORDS_OF_TAG)


def _has_word(header: str, held: str, words: dict[str, str]) -> bool:
    """Whether one of the words stands in a header, whole: capacity is no city."""
    folded = words_of(header)
    if held == "name" and PERSONS.search(folded):
        return False
    return re.search(rf"(^|_)({words[held]})(_|$)", folded) is not None
