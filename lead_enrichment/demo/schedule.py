"""Which files arrive when: monthly ones of the states, and Salesforce's feed on Mondays and Thursdays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lead_enrichment.demo.world import month_number

# Day of the month on which each state's file is dated.
FILE_DAYS = {"oklahoma": 4, "nevada": 5, "texas": 6}
FEED_WEEKDAYS = (0, 3)
# In October, Oklahoma sends nothing, and Nevada sends its file again with its faults put right.
OCTOBER = 10
SILENT, FAULTY = "oklahoma", "nevada"


@dataclass(frozen=True)
class Delivery:
    """One file that arrives."""

    source_key: str
    file_date: date
    month: int  # counted from January 2000
    is_faulty: bool = False
    is_correction: bool = False

    @property
    def file_name(self) -> str:
        """Its name; a correction sorts after what it corrects."""
        return f"{self.source_key}_{self.file_date}{'_corrected' if self.is_correction else ''}.csv"


def first_day(as_of: date, months: int) -> date:
    """Return the first day of a run of months, the last of which is that of `as_of`."""
    number = month_number(as_of) - months + 1
    return date(2000 + number // 12, number % 12 + 1, 1)


def deliveries(as_of: date, months: int) -> list[Delivery]:
    """Return the files of a run of months in the order in which they arrive, none dated after `as_of`.

    Salesforce's first file is dated on the first day; each later one holds what changed since the one before.
    """
    start = first_day(as_of, months)
    found = []
    for back in range((as_of - start).days + 1):
        day = start + timedelta(days=back)
        month = month_number(day)
        if day == start or day.weekday() in FEED_WEEKDAYS:
            found.append(Delivery("salesforce", day, month))
        for source_key, file_day in FILE_DAYS.items():
            if day.day != file_day or (day.month == OCTOBER and source_key == SILENT):
                continue
            is_faulty = day.month == OCTOBER and source_key == FAULTY
            found.append(Delivery(source_key, day, month, is_faulty=is_faulty))
            if is_faulty:
                found.append(Delivery(source_key, day, month, is_correction=True))
    return found
