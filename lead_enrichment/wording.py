"""Numbers and lists as sentences have them."""

from __future__ import annotations

from collections.abc import Sequence


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
