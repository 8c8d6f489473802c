"""`leads quality profile`: what the columns of a source's newest delivery hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Column

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, numbers, print_json
from lead_enrichment.errors import UsageError
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted, listed, shorten

if TYPE_CHECKING:
    from lead_enrichment.quality.profile import ColumnProfile, DeliveryProfile

BLOCKS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"
# Letters of a bar, of a value beside one, and of a value in the list of columns, which fits 80 letters.
BAR, WIDEST_VALUE, LISTED_VALUE, SHOWN_VALUES = 24, 34, 20, 10


def profile_command(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Source, such as texas.")],
    column: Annotated[str | None, typer.Argument(metavar="COLUMN", help="Show one column whole.")] = None,
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the profiles as JSON.")] = False,
) -> None:
    """Show what the columns of a source's newest delivery hold, and what moved since the one before.

    The small histograms are of the numbers below 1, 2, 5, 10, 20, 50, 100,
    200, 500, 1000 and from there on; of a column of other values they are of
    its ten most frequent ones.
    """
    from lead_enrichment.contracts import lead_contracts
    from lead_enrichment.quality.profile import profile_of
    from lead_enrichment.warehouse.reading import environment

    console = Console(highlight=False)
    with errors_as_sentences():
        sources = lead_contracts()
        if source not in sources:
            raise UsageError(f"there is no source {source}", "", f"There is {listed([*sources])}.")
        names = tuple(item.name for item in sources[source].columns)
        with environment(data_paths(create=False), env) as connection:
            profile = profile_of(connection, source, names, column)
    if as_json:
        print_json(asdict(profile))
    elif column:
        _print_delivery(console, profile)
        _print_column(console, profile.columns[0])
    else:
        _print_delivery(console, profile)
        _print_columns(console, profile)


def blocks(counts: list[int]) -> str:
    """Return a histogram in a line: a block for each count, as high as its share of the greatest; a dot for none."""
    most = max(counts, default=0)
    return "".join("·" if not count else BLOCKS[round((len(BLOCKS) - 1) * count / most)] for count in counts)


def bar(share: float, width: int = BAR) -> str:
    """Return a bar of a share of a width, to an eighth of a letter; what is there is seen however small it is."""
    eighths = max(round(share * width * 8), 1 if share > 0 else 0)
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")


def _print_delivery(console: Console, profile: DeliveryProfile) -> None:
    said = f"{profile.delivery['file_name']}: {counted(profile.delivery['rows_loaded'], 'row')}"
    if profile.before:
        said += f"; before it {profile.before['file_name']}, {counted(profile.before['rows_loaded'], 'row')}"
    console.print(f"{said}.", soft_wrap=True)


def _print_columns(console: Console, profile: DeliveryProfile) -> None:
    table = Listing(
        *keys("Column"), *numbers("Filled", "Distinct"), Column("Histogram", no_wrap=True, min_width=11),
        Column("Values"), box=SIMPLE, pad_edge=False,
    )  # fmt: skip
    for item in profile.columns:
        filled = 1 - item.now["null_count"] / max(item.now["row_count"], 1)
        table.add_row(item.name, _share(filled), f"{item.now['distinct_count']:,}", _histogram(item), _holds(item))
    console.print(table)
    moved = [f"{item.name}: {'; '.join(item.moved)}." for item in profile.columns if item.moved]
    if profile.before:
        console.print("Moved since:" if moved else "Nothing moved since.")
    for line in moved:
        console.print(f"  {line}", soft_wrap=True)


def _share(share: float) -> str:
    """Return a share in percent that says all or none only where it is."""
    if 0.995 <= share < 1:
        return ">99%"
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _histogram(item: ColumnProfile) -> str:
    if item.is_numeric:
        return blocks(item.now["histogram"])
    return blocks([rows for _, rows in item.values[:SHOWN_VALUES]])


def _holds(item: ColumnProfile) -> str:
    now = item.now
    if item.is_numeric:
        return f"{now['number_least']:,.6g} to {now['number_greatest']:,.6g}"
    if item.values and item.values[0][1] > 1:
        return shorten(item.values[0][0].replace("\n", " "), LISTED_VALUE)
    return shorten(f"{now['least'] or ''}".replace("\n", " "), LISTED_VALUE)


def _print_column(console: Console, item: ColumnProfile) -> None:
    from lead_enrichment.quality.profile import BIN_ENDS

    now = item.now
    filled = now["row_count"] - now["null_count"]
    console.print(
        f"{item.name}: {counted(filled, 'value')} ({_share(filled / max(now['row_count'], 1))} of rows), "
        f"{now['distinct_count']:,} of them distinct.",
        soft_wrap=True,
    )
    if not filled:
        console.print("It is empty.")
        return
    console.print(
        f"Letters: {now['length_least']:,} to {now['length_greatest']:,}, {now['length_mean']:,.1f} on average. "
        f"In order of letters: {shorten(now['least'], WIDEST_VALUE)} to {shorten(now['greatest'], WIDEST_VALUE)}.",
        soft_wrap=True,
    )
    if item.is_numeric:
        console.print(
            f"Numbers: {now['number_least']:,.6g} to {now['number_greatest']:,.6g}, median {now['quantile_50']:,.6g}; "
            f"half lie from {now['quantile_25']:,.6g} to {now['quantile_75']:,.6g}.",
            soft_wrap=True,
        )
        names = [*(f"below {end:,}" for end in BIN_ENDS), f"{BIN_ENDS[-1]:,} and more"]
        _print_bars(console, "Number", list(zip(names, now["histogram"], strict=True)), now["row_count"])
    if item.values:
        title = "Value" if len(item.values) == now["distinct_count"] else "Most frequent"
        _print_bars(console, title, list(item.values[:SHOWN_VALUES]), now["row_count"])
    for said in item.moved:
        console.print(f"Moved since: {said}.", soft_wrap=True)


def _print_bars(console: Console, title: str, counts: list[tuple[str, int]], row_count: int) -> None:
    table = Listing(Column(title), *numbers("Rows", "Share"), Column("", no_wrap=True), box=SIMPLE, pad_edge=False)
    most = max(rows for _, rows in counts) or 1
    for value, rows in counts:
        shown = shorten(value.replace("\n", " "), WIDEST_VALUE)
        table.add_row(shown, f"{rows:,}", _share(rows / max(row_count, 1)), bar(rows / most))
    console.print(table)
