"""What a person may say of two leads."""

from __future__ import annotations

VERDICTS = ("same", "different", "sister_site", "unsure")
