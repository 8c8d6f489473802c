"""Columns of text, put together a column at a time with Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lead_enrichment.demo.dice import Numbers

# An Arrow array of strings without NULLs.
Text = Any

FIRST_DAY = np.datetime64("1950-01-01")
LAST_DAY = np.datetime64("2079-12-31")
_DAYS = np.arange(FIRST_DAY, LAST_DAY)
_YEAR = _DAYS.astype("datetime64[Y]").astype(int) + 1970
_MONTH = _DAYS.astype("datetime64[M]").astype(int) % 12 + 1
_DAY = (_DAYS - _DAYS.astype("datetime64[M]")).astype(int) + 1
ISO_DAYS = pa.array(np.datetime_as_string(_DAYS).tolist())
SHORT_DAYS = pa.array([f"{m}/{d}/{y % 100:02d}" for y, m, d in zip(_YEAR, _MONTH, _DAY, strict=True)])
LONG_DAYS = pa.array([f"{m:02d}/{d:02d}/{y}" for y, m, d in zip(_YEAR, _MONTH, _DAY, strict=True)])
TWO_DIGITS = pa.array([f"{number:02d}" for number in range(60)])


def word(words: Sequence[str] | Text, index: Numbers) -> Text:
    """Return the word at each index."""
    table = words if isinstance(words, pa.Array) else pa.array(list(words), pa.string())
    return table.take(pa.array(index))


def join(*parts: Text | str) -> Text:
    """Put columns and constants together, row by row."""
    return pc.binary_join_element_wise(*parts, "")


def spaced(*parts: Text | str) -> Text:
    """Put columns together with a single space between those that hold something."""
    padded = [part for item in parts for part in (item, " ")]
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(join(*padded), " +", " "))


def choose(condition: Numbers, chosen: Text | str, otherwise: Text | str) -> Text:
    """Return one text where the condition holds and the other elsewhere."""
    return pc.if_else(pa.array(condition), chosen, otherwise)


def number(values: Numbers, width: int = 0) -> Text:
    """Write whole numbers, with leading zeros up to a width."""
    written = pa.array(np.asarray(values, dtype=np.int64)).cast(pa.string())
    return pc.utf8_lpad(written, width, "0") if width else written


def upper(text: Text) -> Text:
    """Return a column in capitals."""
    return pc.utf8_upper(text)


def lower(text: Text) -> Text:
    """Return a column in small letters."""
    return pc.utf8_lower(text)


def swap(text: Text, pattern: str, replacement: str, where: Numbers | None = None) -> Text:
    """Replace a pattern, everywhere or in some rows."""
    swapped = pc.replace_substring_regex(text, pattern, replacement)
    return swapped if where is None else choose(where, swapped, text)


def is_empty(text: Text) -> Numbers:
    """Return which rows are empty."""
    return np.asarray(pc.equal(text, ""))


def constant(text: str, rows: int) -> Text:
    """Return a column that holds one value throughout."""
    return pa.repeat(pa.scalar(text, pa.string()), rows)


def day(days: Numbers, written: Text = ISO_DAYS) -> Text:
    """Write days, counted from 1970-01-01, in one of the formats of this module."""
    return word(written, np.asarray(days) - FIRST_DAY.astype(int))


def moment(seconds: Numbers) -> Text:
    """Write times, in seconds from 1970, as Salesforce does: `2024-03-02 2:56:37`, the hour without a zero."""
    minutes = seconds // 60
    hour = number(seconds // 3600 % 24)
    return join(
        day(seconds // 86_400), " ", hour, ":", word(TWO_DIGITS, minutes % 60), ":", word(TWO_DIGITS, seconds % 60)
    )
