"""`leads lead`: a lead, found by what people know of it, and shown whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from lead_enrichment.commands import errors_as_sentences
from lead_enrichment.commands.output import Listing, keys, print_json
from lead_enrichment.matching.sentences import phone, place, sureness
from lead_enrichment.paths import data_paths
from lead_enrichment.terminal import Console
from lead_enrichment.wording import counted, status_words

if TYPE_CHECKING:
    from lead_enrichment.warehouse.lead_profile import Change, LeadProfile
    from lead_enrichment.warehouse.reading import Row

SHOWN = 20
# Of the golden record, in this order; what is empty is left out.
FACTS = {
    "legal_name": "Legal name", "contact_name": "Contact", "email": "E-mail", "website_domain": "Web site",
    "county": "County", "license_number": "Licence", "license_type": "Licence type", "license_status": "Licence status",
    "license_expires_on": "Expires", "capacity": "Children", "star_level": "Stars", "lead_status": "Lead status",
    "outreach_stage": "Outreach",
}  # fmt: skip


def lead_command(
    text: Annotated[str, typer.Argument(metavar="LEAD", help="Name, phone, e-mail address, licence number or key.")],
    env: Annotated[
        str | None, typer.Option("--env", help="Environment, as in `sqlmesh plan ENV`; production by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Find a lead by what is known of it, and show its facility whole.

    The golden record, the leads that it is made of with the status of each,
    and what changed when, from what to what and by which file. Where several
    facilities answer to it, they are listed.
    """
    from lead_enrichment.matching.evidence import with_names
    from lead_enrichment.warehouse.lead_profile import find, profile
    from lead_enrichment.warehouse.reading import environment

    console = Console(highlight=False)
    with errors_as_sentences(), environment(data_paths(create=False), env) as connection:
        found = find(connection, text)
        entities = {row["entity_key"] for row in found}
        whole = profile(connection, found[0]["entity_key"]) if len(entities) == 1 else None
        reasons = with_names(connection, [lead["reason"] for lead in whole.leads]) if whole else []
        if as_json:
            print_json({"found": found, "facility": asdict(whole) if whole else None})
        elif whole:
            _print(console, whole, reasons)
        else:
            _print_found(console, text, found, len(entities))


def _print_found(console: Console, text: str, found: list[Row], facilities: int) -> None:
    table = Listing("Name", "Town", *keys("Phone", "Status", "Key"))
    for row in found[:SHOWN]:
        town = ", ".join(filter(None, (row["city"], row["state"])))
        table.add_row(
            row["name"] or "", town, phone(row["phone_e164"] or ""), status_words(row["match_status"]),
            row["lead_key"],
        )  # fmt: skip
    console.print(table)
    more = f", of which the first {SHOWN} are shown" if len(found) > SHOWN else ""
    console.print(
        f"{counted(len(found), 'lead')} of {counted(facilities, 'facility', 'facilities')} answer to {text!r}{more}. "
        "One of them: leads lead KEY",
        markup=False,
        soft_wrap=True,
    )


def _print(console: Console, whole: LeadProfile, reasons: list[str]) -> None:
    from lead_enrichment.warehouse.reading import Row

    golden = whole.golden
    if golden:
        console.print(golden["name"] or "without a name", style="bold", markup=False)
        address = place(Row(golden, unit_number=golden["unit"]))
        line = " · ".join(filter(None, (address, phone(golden["phone_e164"] or ""))))
        console.print(Padding(Text(line), (0, 0, 0, 2)))
        said = [f"{title}: {golden[name]}" for name, title in FACTS.items() if golden[name] is not None]
        console.print(Padding(Text("; ".join(said)), (0, 0, 0, 2)))
    else:
        console.print("No lead of this facility counts any more: each is deleted or no longer listed.")
    console.print(f"\n{counted(len(whole.leads), 'lead')}:")
    for lead, reason in zip(whole.leads, reasons, strict=True):
        sure = "" if lead["match_status"] == "gone" else f", {sureness(lead['confidence'])} sure"
        console.print(f"{lead['name'] or 'without a name'} ({lead['lead_key']})", markup=False, style="bold")
        console.print(Padding(Text(f"{status_words(lead['match_status'])}{sure}: {reason}."), (0, 0, 0, 2)))
    console.print("\nWhat changed:")
    for change in whole.changes:
        console.print(Padding(Text(_sentence(change)), (0, 0, 0, 2)))
    names = [lead["lead_key"] for lead in whole.leads]
    if len(names) > 1:
        console.print(f"Why they are one: leads match explain {names[0]} {names[1]}", markup=False, soft_wrap=True)
    elif golden and golden["nearest_lead_key"]:
        console.print(
            f"Nearest: leads match explain {names[0]} {golden['nearest_lead_key']}",
            markup=False,
            soft_wrap=True,
        )


def _sentence(change: Change) -> str:
    """Return what changed of which lead, from what to what, and by which file."""
    begin, by = f"{change.at:%Y-%m-%d}, {change.lead_key}", f" ({change.file})" if change.file else ""
    what = change.attribute.replace("_", " ")
    if change.attribute == "first delivered":
        return f"{begin}: {what} as {change.after or 'without a name'}{by}"
    if not change.attribute:
        return f"{begin}: the same, written otherwise{by}"
    if change.before is None:
        return f"{begin}: {what} is {change.after}{by}"
    return f"{begin}: {what} from {change.before} to {change.after or 'nothing'}{by}"
