"""Whatever happens to the leads, in whatever order, the tables that are kept by the change are what a full build gives.

Each sequence is a few things that happen, each followed by a build, one that stops half-way, or one that leaves models
for later. LEADS_SEQUENCES sets how many there are in all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlmesh import Context

from change_world import World
from conftest import ROOT
from lead_enrichment.warehouse import replaced_by_key
from lead_enrichment.warehouse.project import load_project

SEQUENCES = int(os.environ.get("LEADS_SEQUENCES", "200"))
WORLDS = 8
BUILDS = 2


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    # Limits that thirty leads exceed now and then, and then not.
    limits = {"OUTBOX_MAX_CREATES": "4", "OUTBOX_MIN_CHANGED_LEADS": "1", "OUTBOX_MAX_CHANGED_SHARE": "0.05"}
    with pytest.MonkeyPatch.context() as environment:
        for name, value in limits.items():
            environment.setenv(f"SQLMESH__VARIABLES__{name}", value)
        context = load_project(ROOT)
    yield context
    context.close()


@pytest.mark.parametrize("seed", range(WORLDS))
def test_what_is_kept_by_the_change_is_what_a_full_build_gives(
    seed: int, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In a world of thirty leads most is touched soon, and would be built whole.
    monkeypatch.setattr(replaced_by_key, "MOST", 10)
    world = World(context, seed)
    world.change(world.begin)
    world.build()
    dice, happens = world.dice, (
        world.deliver, world.deliver, world.deliver, world.deliver, world.delist, world.delist, world.decide,
        world.decide, world.decide, world.answer, world.answer, world.answer, world.restate, world.weigh, world.wait,
        world.wait, world.withdraw, world.judge_again, world.match_again, world.match_again, world.approve,
    )  # fmt: skip
    for _ in range(SEQUENCES // WORLDS):
        world.told.clear()
        for _ in range(BUILDS - 1):
            for _ in range(dice.choice((1, 1, 2, 3))):
                world.change(dice.choice(happens))
            place = dice.randrange(len(world.chain))
            dice.choice((world.build, world.build, lambda: world.build(fails_at=place), lambda: world.build(place)))()  # noqa: B023
        world.change(dice.choice(happens))
        world.build()
        assert not [*world.differences()], world.told
    # Else it would be the full build that was compared with itself.
    assert world.narrowed > len(world.chain)


def test_a_full_build_that_differs_is_found(context: Context) -> None:
    world = World(context, 0)
    world.change(world.begin)
    world.build()
    assert not [*world.differences()]
    world.cursor.execute("UPDATE facts.fact_lead_match SET confidence = 2 WHERE lead_key = 'nevada:3'")
    # And what was made of it.
    assert {difference.partition(":")[0] for difference in world.differences()} >= {"facts.fact_lead_match"}
