"""Numbers and lists as sentences have them."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What a terminal would obey and not show, or what is half a character: control signs, those that turn the direction of
# writing, surrogates, of which the bytes of a file name that is no UTF-8 are made.
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun in the right form: `1 file`, `1,234 files`.

    Args:
        number: How many.
        one: The words behind a single one, such as `file` or `pair waits`.
        many: Those behind any other number; by default the noun with an s.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def status_words(status: str) -> str:
    """Return a match status, such as net_new or to_review, as people write it: `net-new`, `to review`."""
    return status.replace("net_new", "net-new").replace("_", " ")


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return words as a list in a sentence: `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def shorten(text: str, length: int) -> str:
    """Return a text of at most so many characters; of a longer one the beginning and the end."""
    if len(text) <= length:
        return text
    head = length * 2 // 3
    return f"{text[:head]} … {text[head + 3 - length :]}"


def visible(text: str) -> str:
    """Return a foreign text, such as a file name, as one that can be shown and stored anywhere.

    Signs that are not shown stand as their codes; a byte of a name that is no UTF-8 as in `\\xe9`.
    """

    def code(found: re.Match[str]) -> str:
        number = ord(found[0])
        # Python keeps a byte that is no UTF-8 as a surrogate.
        number = number - 0xDC00 if 0xDC80 <= number <= 0xDCFF else number
        return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"

    return UNSHOWN.sub(code, text)
