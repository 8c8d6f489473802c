"""Every sentence about two leads is true of what the two say, whatever pair it is about."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_enrichment.matching.sentences import evidence, headline, phone, sureness, titled

# Few values, so that many of them meet; None is unknown.
VALUES = {
    "name": ("Happy Kids", "HAPPY KIDS!", "Happy Kids II", "Bright Stars"),
    "phone": ("+15125550142", "+15125550143"),
    "mobile": ("+15125550142", "+442071838750"),
    "email": ("a@x.org", "b@x.org", "a@y.org"),
    "email_domain": ("x.org", "y.org"),
    "website_domain": ("x.org", "z.org"),
    "house_number": ("1", "2"),
    "street": ("MAIN ST", "OAK AVE"),
    "unit_number": ("4", "5"),
    "city": ("FORT WORTH", "AUSTIN"),
    "state": ("TX", "OK"),
    "postal_code": ("76101", "76102"),
    "contact_name": ("ANA LOPEZ", "BO LOPEZ", "CY"),
    "license_number": ("1", "2"),
}
leads = st.fixed_dictionaries({name: st.sampled_from((None, *values)) for name, values in VALUES.items()})
Lead = dict[str, Any]


def shown(lead: Lead) -> dict[str, str]:
    """Return, by the beginning of a sentence about a difference, what it must show of a lead."""
    numbers = sorted({lead["phone"], lead["mobile"]} - {None})
    return {
        "their names": str(lead["name"]),
        "their phones": ", ".join(phone(number) for number in numbers),
        "their e-mail": str(lead["email"]),
        "their street": f"{lead['house_number']} {titled(lead['street'])}",
        "they are in": str(lead["unit_number"]),
        "their towns": titled(lead["city"]),
        "their ZIPs": str(lead["postal_code"]),
        "their states": str(lead["state"]),
        "their contacts": titled(lead["contact_name"]),
    }


def is_true(sentence: str, left: Lead, right: Lead) -> bool:
    """Whether the two leads say what a sentence says of them."""
    numbers = [{lead["phone"], lead["mobile"]} - {None} for lead in (left, right)]
    streets = [(lead["house_number"], lead["street"]) for lead in (left, right)]
    domains = [{lead["website_domain"], lead["email_domain"]} - {None} for lead in (left, right)]

    def differ(name: str) -> bool:
        return bool(left[name] and right[name] and left[name] != right[name])

    def equal(name: str) -> bool:
        return bool(left[name] and left[name] == right[name])

    plain = [re.sub(r"\W", "", str(lead["name"])).lower() for lead in (left, right)]
    checks = {
        "both are called": bool(left["name"] and right["name"]) and plain[0] == plain[1],
        "their names": bool(left["name"] and right["name"]) and plain[0] != plain[1],
        "they share the phone": bool(numbers[0] & numbers[1]),
        "their phones differ": all(numbers) and not numbers[0] & numbers[1],
        "they share the e-mail": equal("email"),
        "their e-mail": differ("email"),
        "they share the web domain": bool(domains[0] & domains[1])
        and sentence.removeprefix("they share the web domain ") in domains[0] & domains[1],
        "both are at": all(streets[0]) and streets[0] == streets[1] and not differ("unit_number"),
        "they are in two units of": all(streets[0]) and streets[0] == streets[1] and differ("unit_number"),
        "their street addresses differ": all(streets[0]) and all(streets[1]) and streets[0] != streets[1],
        "both are in": equal("city"),
        "their towns differ": differ("city"),
        "both have the ZIP": equal("postal_code"),
        "their ZIPs differ": differ("postal_code"),
        "their states differ": differ("state"),
        "both name": equal("contact_name"),
        "their contacts share the family name": differ("contact_name")
        and left["contact_name"].split()[-1] == right["contact_name"].split()[-1],
        "their contacts differ": differ("contact_name")
        and left["contact_name"].split()[-1] != right["contact_name"].split()[-1],
        "both hold the licence": equal("license_number") and equal("state"),
    }
    (check,) = [held for begin, held in checks.items() if sentence.startswith(begin)]
    return check


@settings(max_examples=400, deadline=None)
@given(left=leads, right=leads, bits=st.dictionaries(st.sampled_from(("name", "email")), st.floats(-9, 9)))
def test_every_sentence_is_true_of_the_two_leads(left: Lead, right: Lead, bits: dict[str, float]) -> None:
    found = evidence(left, right, bits, {})
    for sentence in (*found.agreements, *found.differences):
        assert is_true(sentence, left, right), sentence
    # What one of the two does not say is neither an agreement nor a difference.
    for name, words in (
        ("city", r"towns|are in [A-Z]"),
        ("postal_code", "ZIP"),
        ("state", "states"),
        ("email", "e-mail"),
    ):
        if not left[name] or not right[name]:
            assert not [line for line in (*found.agreements, *found.differences) if re.search(words, line)]
    # The same the other way round.
    turned = evidence(right, left, bits, {})
    assert (len(turned.agreements), len(turned.differences)) == (len(found.agreements), len(found.differences))


@settings(max_examples=100, deadline=None)
@given(left=leads, right=leads)
def test_a_difference_names_the_values_of_both_leads(left: Lead, right: Lead) -> None:
    for sentence in evidence(left, right, {}, {}).differences:
        (begin,) = [begin for begin in shown(left) if sentence.startswith(begin)]
        assert re.search(rf"{re.escape(shown(left)[begin])},? and {re.escape(shown(right)[begin])}$", sentence)


def test_a_shared_phone_is_told_as_it_is_dialled_with_who_else_has_it() -> None:
    lead = dict.fromkeys(VALUES) | {"phone": "+15125550142"}
    for others, said in (
        (0, "which nobody else has"),
        (1, "which 1 other lead has too"),
        (3, "3 other leads have too"),
        (None, "which others may have too"),
    ):
        known = {} if others is None else {"+15125550142": others}
        (sentence,) = evidence(lead, lead, {}, known).agreements
        assert sentence.startswith("they share the phone (512) 555-0142, ") and said in sentence


def test_nothing_is_wholly_sure() -> None:
    assert [sureness(value) for value in (1.0, 0.9991, 0.995, 0.98, 0.5, 0.004, 0.0)] == [
        "more than 99.9%", "more than 99.9%", "99.5%", "98%", "50%", "0.4%", "less than 0.1%",
    ]  # fmt: skip


@pytest.mark.parametrize(("bits", "are_alike"), [(3.0, True), (-3.0, False)])
def test_values_that_are_not_equal_are_alike_where_the_score_takes_them_so(bits: float, are_alike: bool) -> None:
    left = dict.fromkeys(VALUES) | {"name": "Happy Kids", "email": "a@x.org"}
    right = left | {"name": "Happy Kids II", "email": "b@x.org"}
    found = evidence(left, right, {"name": bits, "email": bits}, {})
    assert [line.split(":")[0] for line in (found.agreements if are_alike else found.differences)] == (
        ["their names are alike", "their e-mail addresses are alike"]
        if are_alike
        else ["their names differ", "their e-mail addresses differ"]
    )


@pytest.mark.parametrize(
    ("units", "place"), [(("4", "4"), "1 Main St unit 4"), (("4", None), "1 Main St"), ((None, None), "1 Main St")]
)
def test_a_unit_is_told_where_both_have_it(units: tuple[str | None, str | None], place: str) -> None:
    left, right = (
        dict.fromkeys(VALUES) | {"house_number": "1", "street": "MAIN ST", "unit_number": unit} for unit in units
    )
    assert evidence(left, right, {}, {}).agreements == [f"both are at {place}"]


DECIDED = {"decided_by": "ana", "decided_at": datetime(2026, 11, 3, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ({"verdict": "match", "is_match": True}, "90% sure that it is the same facility"),
        ({"verdict": "review"}, "A person should judge: 90% sure by what the two say, but the towns differ"),
        ({"verdict": "sister_site"}, "Two sites of one operator: the towns differ"),
        ({"verdict": "different"}, "Two facilities: the towns differ"),
        ({"decision": "same", "is_match": True, **DECIDED}, "ana decided on 2026-11-03: the same facility"),
        ({"decision": "sister_site", **DECIDED}, "ana decided on 2026-11-03: two sites of one operator"),
        ({"decision": "different", **DECIDED}, "ana decided on 2026-11-03: two facilities"),
        # Unsure decides nothing, and what other decisions overrule does not hold.
        ({"decision": "unsure", "verdict": "review", **DECIDED}, "A person should judge: 90% sure"),
        ({"decision": "same", "verdict": "review", **DECIDED}, "A person should judge: 90% sure"),
    ],
)
def test_the_headline_says_what_the_two_are_held_to_be_and_on_whose_word(pair: Lead, said: str) -> None:
    usual = {"decision": None, "is_match": False, "verdict": "different", "match_probability": 0.9}
    assert headline({**usual, "reason": "the towns differ", **pair}).startswith(said)
