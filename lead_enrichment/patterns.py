"""Patterns from outside, such as a contract's, in the language of RE2: matched in linear time, whatever they are.

Python's own engine goes back and tries again: `^(\\d+)+$` never ends on thirty digits and a letter. DuckDB speaks RE2
as well, so that a pattern means the same in both readers of a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lead_enrichment.errors import UsageError


@dataclass(frozen=True)
class LinearPattern:
    """A pattern in the language of RE2."""

    pattern: str

    def matches(self, values: Sequence[str]) -> list[bool]:
        """Return of each value whether the pattern is found in it."""
        import pyarrow as pa
        import pyarrow.compute as pc

        found: list[bool] = pc.match_substring_regex(pa.array(values, pa.large_string()), self.pattern).to_pylist()
        return found

    def is_in(self, value: str) -> bool:
        """Whether the pattern is found in a value."""
        return self.matches([value])[0]

    def group(self, value: str) -> str:
        """Return what the pattern's first group matches in a value that it is found in."""
        import pyarrow as pa
        import pyarrow.compute as pc

        # Arrow wants the group named, and gives all of the value that is not replaced.
        whole = f"(?s)^.*?(?:{self.pattern}).*$"
        return str(pc.replace_substring_regex(pa.scalar(value), whole, r"\1").as_py())


def linear_pattern(pattern: object, where: str, what: str) -> LinearPattern:
    """Return a pattern that RE2 takes.

    Args:
        pattern: As it is written.
        where: The file that it stands in.
        what: What it is, for the message.

    Raises:
        UsageError: It is no pattern, or one that cannot be matched in linear time, with look-ahead or back-reference.
    """
    import pyarrow as pa

    found = LinearPattern(str(pattern))
    try:
        found.is_in("")
    except pa.ArrowInvalid as error:
        problem = str(error).partition(": ")[2] or str(error)
        raise UsageError(
            f"{what} is no pattern of RE2 ({problem})", where,
            "Write it without look-ahead and back-reference: https://github.com/google/re2/wiki/Syntax.",
        ) from error  # fmt: skip
    return found
