"""Whether the app answers, for a supervisor; nothing of the data."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()


@router.get("/health")
def health() -> dict[str, str]:
    """Say that the app answers."""
    return {"status": "ok"}
