"""Which world a data directory holds, so that later files continue it and no other is mixed in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from lead_enrichment.demo.schedule import first_day
from lead_enrichment.demo.world import month_number
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import write_text_whole

FACILITIES, MONTHS, AS_OF, SEED = 3000, 3, date(2026, 11, 15), 20261115


@dataclass(frozen=True)
class DemoWorld:
    """What makes a demo what it is: equal worlds give equal files.

    Args:
        seed: Names the world.
        facilities: Places for facilities.
        first_day: First day of its history.
        as_of: No file is dated later.
    """

    seed: int
    facilities: int
    first_day: date
    as_of: date

    @property
    def months(self) -> int:
        """Months of history, that of `as_of` included."""
        return month_number(self.as_of) - month_number(self.first_day) + 1


def remember(out: Path, world: DemoWorld) -> None:
    """Write down which world the truth of a data directory is about."""
    document = {name: str(value) if isinstance(value, date) else value for name, value in asdict(world).items()}
    write_text_whole(_memory(out), json.dumps(document, indent=2) + "\n")


def remembered(out: Path) -> DemoWorld | None:
    """Return the world that a data directory holds; None where it holds none."""
    try:
        document = json.loads(_memory(out).read_text(encoding="utf-8"))
        return DemoWorld(
            document["seed"], document["facilities"],
            date.fromisoformat(document["first_day"]), date.fromisoformat(document["as_of"]),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (ValueError, KeyError) as error:
        raise UsageError("the world of this demo cannot be read", str(_memory(out)), "Use another --out.") from error


def wanted_world(
    out: Path, seed: int | None, facilities: int | None, months: int | None, as_of: date | None, is_addition: bool
) -> DemoWorld:
    """Return the world that a call asks for: what it leaves open is that of the world which is there.

    Args:
        out: The data directory.
        seed: As stated; None where it was left open, as for the others.
        facilities: As stated.
        months: As stated.
        as_of: As stated.
        is_addition: Whether only later files are wanted.

    Raises:
        UsageError: It would be another world than the one that is there, or end before it does.
    """
    there = remembered(out)
    if there is None:
        if is_addition and (out / "truth").exists():
            raise UsageError(
                "which world the files here are about is not remembered, so none can be added to it",
                str(out / "truth"),
                "Make a demo anew: leads demo --out FOLDER.",
            )
        last = as_of or AS_OF
        return DemoWorld(
            SEED if seed is None else seed, FACILITIES if facilities is None else facilities,
            first_day(last, MONTHS if months is None else months), last,
        )  # fmt: skip
    last = as_of or there.as_of
    asked = DemoWorld(
        there.seed if seed is None else seed, there.facilities if facilities is None else facilities,
        there.first_day if months is None else first_day(last, months), last,
    )  # fmt: skip
    differing = [
        f"{word} {getattr(asked, name)} for {getattr(there, name)}"
        for name, word in (("seed", "seed"), ("facilities", "facilities"), ("first_day", "first day"))
        if getattr(asked, name) != getattr(there, name)
    ]
    if differing:
        raise UsageError(
            f"that would be another world than the one whose files are here ({', '.join(differing)})", str(out),
            "Leave these options out to continue it, or make the other one in a folder of its own: --out FOLDER.",
        )  # fmt: skip
    if asked.as_of < there.as_of:
        raise UsageError(
            f"the world here goes on to {there.as_of} already", str(out), "State that day or a later one as --as-of."
        )
    return asked


def _memory(out: Path) -> Path:
    return out / "truth" / "world.json"
