"""`make demo-loop`: pull, match, preview, release, send and confirm, as the commands do it, against the fake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo_loop import MARKER, TYPED_AFTER, TYPED_BEFORE, go_round, made_anew
from fake_salesforce.org import INTEGRATION, PERSON, Entry

KEY, SEEN = "Lead_Enrichment_Key__c", "Lead_Enrichment_Seen__c"


@pytest.mark.commands
def test_the_loop_ends_confirmed_and_what_people_typed_stands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    loop = go_round(tmp_path / "loop")
    printed = capfd.readouterr().out

    # By Salesforce's own log: what was written from here, and what became of it.
    log = loop.org.log
    created = [entry for entry in log if entry.user == INTEGRATION and entry.what == "create"]
    made = {loop.org.leads[entry.row_id][KEY] for entry in created}
    updated = [entry for entry in log if entry.user == INTEGRATION and entry.what == "update"]
    filled = {(lead_of(entry), name) for entry in updated for name in entry.changes if name != SEEN}
    assert filled and len(made) == len(created) > 0
    assert {loop.changes[lead, "*"]["state"] for lead in made} == {"confirmed"}
    assert {loop.changes[place]["state"] for place in filled - {loop.after}} == {"confirmed"}
    assert loop.is_closed

    # People wrote before the send and after it, and are the last who did.
    writers = {
        place: [entry.user for entry in log if lead_of(entry) == place[0] and place[1] in entry.changes]
        for place in (loop.before, loop.after)
    }
    assert writers == {loop.before: [PERSON], loop.after: [INTEGRATION, PERSON]}
    assert (loop.held(loop.before), loop.held(loop.after)) == (TYPED_BEFORE, TYPED_AFTER)
    assert {loop.before, loop.after} <= loop.owned
    claimable = {place for place, row in loop.changes.items() if row["is_claimable"]}
    assert not claimable & {loop.before, loop.after}

    assert re.search(r"\d+ changes claimed, [\d,]+ accepted, \d conflict", printed)
    for sentence in ("have to be released", "will be released", "belongs to people", "Confirmed by the extract"):
        assert sentence in printed


def lead_of(entry: Entry) -> str:
    """Return the lead that a line of the log is about, as the project names it."""
    return f"salesforce:{entry.row_id[:15]}"


def test_a_folder_of_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    with pytest.raises(SystemExit, match="is not empty"):
        made_anew(tmp_path)
    assert (tmp_path / "landing").is_dir()
    # One of an earlier loop is made anew.
    (tmp_path / MARKER).touch()
    made_anew(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]
