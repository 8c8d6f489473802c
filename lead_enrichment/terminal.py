"""The console of every command: foreign text is shown as it is, and the terminal never obeys it.

A file name may hold escape sequences that move the cursor or change the title, or words in brackets that rich would
take for its markup. Here neither means anything, wherever the text is printed, in a table or out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

# Control signs, those that turn the direction of writing, and halves of characters, which cannot be printed at all.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Console(RichConsole):
    """A console without markup, in whose output every control sign of a text is a picture of it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, **settings})

    def render_str(self, text: str, **settings: Any) -> Text:
        """Return a text as it is printed: a column is as wide as the pictures in it."""
        return super().render_str(harmless(text), **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return the segments of what is printed; everything printed passes here."""
        for segment in super().render(renderable, options):
            if not segment.control and OBEYED.search(segment.text):
                yield Segment(harmless(segment.text), segment.style)
            else:
                yield segment


def harmless(text: str) -> str:
    """Return a text in which a picture stands for each sign that a terminal would obey."""
    return OBEYED.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    number = ord(found[0])
    return chr(0x2400 + number) if number < 0x20 else "\u2421" if number == 0x7F else "\ufffd"
