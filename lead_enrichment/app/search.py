"""Finding a lead by what somebody remembers of it: with a typo, or with a part left out.

Every query is a look-up in tables that are sorted by what is looked up (marts.search_key, marts.search_posting), so
that its cost hardly grows with the number of leads. A word that nobody has is taken for a word with a typo: one half of
it is right, and the few words with that half are compared.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field

from lead_enrichment.app.published import CopyReader
from lead_enrichment.warehouse.reading import one_of

LONGEST, MOST_WORDS = 200, 10
# A term that so many leads hold tells little and is not looked up, unless there is nothing else.
COMMON = 20_000
CANDIDATES = 60
# How much less a term counts that is not what was typed.
PART, BEGINNING, ONE_LETTER, TWO_LETTERS = 0.95, 0.85, 0.8, 0.6
# Words of addresses and names that people write in many ways, or leave out.
IDLE = {
    "STREET", "ST", "AVENUE", "AVE", "ROAD", "RD", "DRIVE", "DR", "LANE", "LN", "COURT", "CT", "BOULEVARD", "BLVD",
    "SUITE", "STE", "UNIT", "APT", "THE", "OF", "AND", "INC", "LLC", "AT", "IN", "NEAR", "ON",
}  # fmt: skip
# A phone number as people write it; digits within a word, an address or a web address are none.
NUMBER = re.compile(r"(?<![A-Z0-9@.])\+?[0-9(][0-9().\- ]{5,}[0-9](?![A-Z0-9@]|\.[A-Z])")
FOUND_KEYS = "SELECT {} AS token, term, leads FROM marts.search_key WHERE search_key = ?"
# What a half finds is filtered outside, so that the comparison sees only what it finds.
NEAR_TERMS = """
    WITH half AS MATERIALIZED (SELECT DISTINCT term, leads FROM ({}) LIMIT 20000)
    SELECT
        term, leads, STARTS_WITH(term, $typed) AS is_begun,
        CASE WHEN ABS(LENGTH(term) - LENGTH($typed)) <= 2 THEN DAMERAU_LEVENSHTEIN(term, $typed) ELSE 9 END AS distance
    FROM half
    WHERE ABS(LENGTH(term) - LENGTH($typed)) <= 2 OR STARTS_WITH(term, $typed)
    ORDER BY distance, leads DESC
    LIMIT 40
"""
HALF = "SELECT term, leads FROM marts.search_key WHERE search_key = $half_{}"
CANDIDATE = """
    SELECT lead_number, SUM(weight) AS weight
    FROM (SELECT lead_number, token, MAX(weight) AS weight FROM ({}) GROUP BY lead_number, token)
    GROUP BY lead_number ORDER BY weight DESC, lead_number LIMIT ?
"""
POSTING = "(SELECT lead_number, {} AS token, {}::DOUBLE AS weight FROM marts.search_posting WHERE term = ? LIMIT {})"
TERMS = """
    SELECT lead_number, lead_key, entity_key, is_live, terms FROM marts.search_lead
    WHERE lead_number IN ({})
"""


@dataclass
class Token:
    """A word or number that was typed, and the terms that it may stand for, each with how well it fits."""

    typed: str
    terms: dict[str, float] = field(default_factory=dict)
    leads: dict[str, int] = field(default_factory=dict)
    bits: float = 0.0

    def add(self, term: str, leads: int, fit: float) -> None:
        """Note a term; the better fit counts."""
        if fit > self.terms.get(term, 0.0):
            self.terms[term], self.leads[term] = fit, leads


@dataclass(frozen=True)
class Hit:
    """A facility that was found.

    Args:
        entity_key: The facility.
        lead_key: Its lead that fits best.
        score: How well, above 0.
        is_whole: Whether all that was typed fits.
    """

    entity_key: str
    lead_key: str
    score: float
    is_whole: bool


def search(reader: CopyReader, text: str, limit: int) -> list[Hit]:
    """Return the facilities that a text may stand for, the likeliest first."""
    key = text.strip()
    if re.fullmatch(r"[a-z][a-z_]*:\S+", key):
        found = reader.row("SELECT entity_key, lead_key FROM marts.search_lead WHERE lead_key = ?", key)
        if found:
            return [Hit(found["entity_key"], found["lead_key"], 1.0, True)]
    tokens = tokens_of(text)
    if not tokens:
        return []
    total = reader.cached("leads", lambda: int(reader.value("SELECT COUNT(*) FROM marts.search_lead") or 0)) or 1
    _find_exactly(reader, tokens)
    for token in tokens:
        if not token.terms:
            _find_nearly(reader, token)
    hits = _ranked(reader, tokens, total)
    if not hits or not hits[0].is_whole:
        # What was typed is a word, but not of this lead: it may be another word with a typo.
        for token in tokens:
            _find_nearly(reader, token)
        hits = _ranked(reader, tokens, total)
    return hits[:limit]


def tokens_of(text: str) -> list[Token]:
    """Return the words and numbers of a text in the form of the terms of marts.search_lead."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST]).upper()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("'", "").replace("’", "")
    found: list[str] = []

    def number(match: re.Match[str]) -> str:
        digits = re.sub(r"[^0-9]", "", match[0])
        digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
        # A house number and a ZIP with nothing between them are as long as a phone, and are no phone.
        if not 7 <= len(digits) <= 10 or re.fullmatch(r"\d{1,5} +\d{5}", match[0].strip()):
            return match[0]
        found.append(digits)
        return " "

    plain = NUMBER.sub(number, plain)
    for word in plain.split():
        if "@" in word:
            found.append(word.strip(".,;<>()\"'"))
        elif re.fullmatch(r"(?:[A-Z0-9-]+\.)+[A-Z]{2,}/?", word):
            found.append(word.removeprefix("WWW.").rstrip("/"))
        elif re.fullmatch(r"[A-Z0-9]+(?:[-/.][A-Z0-9]+)+", word) and re.search("[0-9]", word):
            found.append(re.sub("[^A-Z0-9]", "", word))
        else:
            found += re.findall("[A-Z0-9]+", word)
    telling = [word for word in dict.fromkeys(found) if word not in IDLE]
    return [Token(word) for word in (telling or list(dict.fromkeys(found)))[:MOST_WORDS]]


def _find_exactly(reader: CopyReader, tokens: list[Token]) -> None:
    """Look the typed words up as they are, all in one query."""
    query = " UNION ALL ".join(FOUND_KEYS.format(number) for number in range(len(tokens)))
    for row in reader.rows(query, *(token.typed for token in tokens)):
        token = tokens[row["token"]]
        token.add(row["term"], row["leads"], 1.0 if row["term"] == token.typed else PART)


def _find_nearly(reader: CopyReader, token: Token) -> None:
    """Look up terms that begin with what was typed, or differ from it by a letter or two."""
    typed = token.typed
    letters = len(typed)
    if letters < 3:
        return
    halves = {f"<{typed[:size]}" for size in range(max(2, (letters - 1) // 2), min(letters, 12) + 1)}
    middles = {(letters - 1) // 2, letters // 2, (letters + 1) // 2}
    halves |= {f"<{typed[:size]}" for size in middles if size >= 2}
    halves |= {f">{typed[-size:]}" for size in middles if size >= 2}
    # Two letters that changed places around the middle leave neither half right.
    halves |= {typed[: at - 1] + typed[at] + typed[at - 1] + typed[at + 1 :] for at in middles if 0 < at < letters}
    named = {f"half_{number}": half for number, half in enumerate(sorted(halves))}
    query = NEAR_TERMS.format(" UNION ALL ".join(HALF.format(number) for number in range(len(named))))
    most = 2 if letters > 7 and not typed.isdigit() else 1
    for row in reader.rows(query, typed=typed, **named):
        if row["distance"] <= most and letters > 3:
            token.add(row["term"], row["leads"], ONE_LETTER if row["distance"] <= 1 else TWO_LETTERS)
        elif row["is_begun"] and not typed.isdigit():
            token.add(row["term"], row["leads"], BEGINNING)


def _ranked(reader: CopyReader, tokens: list[Token], total: int) -> list[Hit]:
    """Return the facilities that hold the most telling of the terms, best first."""
    for token in tokens:
        likeliest = max(token.terms.items(), key=lambda item: (item[1], -token.leads[item[0]]), default=None)
        # A word that nobody has is as telling as a rare one.
        token.bits = math.log2(1 + total / (token.leads[likeliest[0]] if likeliest else 1))
    numbers = _candidates(reader, tokens)
    if not numbers:
        return []
    best: dict[str, tuple[tuple[float, ...], Hit]] = {}
    whole = sum(token.bits for token in tokens)
    marks, named = one_of("number", numbers)
    for row in reader.rows(TERMS.format(marks), **named):
        terms = row["terms"].split(" ")
        held = set(terms)
        fits = [max((fit for term, fit in token.terms.items() if term in held), default=0.0) for token in tokens]
        score = sum(token.bits * fit for token, fit in zip(tokens, fits, strict=True)) / whole
        # Of two that fit alike: the one that is live, and the one of which less was left out.
        order = (round(score, 4), float(row["is_live"]), -float(len(terms)))
        hit = Hit(row["entity_key"], row["lead_key"], score, all(fits))
        if row["entity_key"] not in best or order > best[row["entity_key"]][0]:
            best[row["entity_key"]] = (order, hit)
    ranked = sorted(best.values(), key=lambda item: (item[0], item[1].entity_key), reverse=True)
    return [hit for _, hit in ranked if hit.score > 0.3]


def _candidates(reader: CopyReader, tokens: list[Token]) -> list[int]:
    """Return the numbers of the leads that hold the most telling of the terms."""
    wanted = [
        (number, token.bits * fit, term, token.leads[term])
        for number, token in enumerate(tokens)
        for term, fit in sorted(token.terms.items(), key=lambda item: -item[1])[:12]
    ]
    telling = [item for item in wanted if item[3] <= COMMON] or sorted(wanted, key=lambda item: item[3])[:2]
    if not telling:
        return []
    query = " UNION ALL ".join(POSTING.format(number, round(weight, 3), COMMON) for number, weight, _, _ in telling)
    found = reader.rows(CANDIDATE.format(query), *(term for _, _, term, _ in telling), CANDIDATES)
    return [row["lead_number"] for row in found]
