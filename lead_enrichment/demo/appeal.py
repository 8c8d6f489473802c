"""How ready a facility is to become a customer, by what it is: the demo's own truth, which no priority is told.

The numbers are of this world alone and are not those of seeds/priority_term.csv: capacity and the age of a licence
count without steps, the state and luck count too, and subsidy, infants, growth and a new owner count nothing.
"""

from __future__ import annotations

import numpy as np

from lead_enrichment.demo.dice import Numbers
from lead_enrichment.demo.world import ELSEWHERE, NEVADA, OKLAHOMA, TEXAS, World

# In bits: one doubles the odds of each step towards a sale.
HOME, GYM, NO_EMAIL, NO_PHONE, CLOSED = -1.8, -1.0, -1.4, -0.6, -3.0
STATE = {TEXAS: 0.0, OKLAHOMA: -0.3, NEVADA: 0.3, ELSEWHERE: -0.6}
# A centre of this capacity counts nothing; twice as large, so much more.
USUAL_CAPACITY, DOUBLE_CAPACITY = 100, 0.9
# A new licence counts so much, and a third of it when so many months have passed.
NEW_LICENSE, FADES = 2.2, 15
# Standard deviation of what nobody can know.
LUCK = 0.7


def appeal(world: World, slots: Numbers, known_month: Numbers, month: int, has_phone: Numbers) -> Numbers:
    """Return how ready the facilities that leads are about are to buy, in bits above the usual one.

    Args:
        world: The world that they are in.
        slots: Where each facility is.
        known_month: Month as of which each lead knows it.
        month: The month of which to tell.
        has_phone: Whether each lead has a phone by which somebody answers.
    """
    state = world.state(slots, known_month)
    traits = world.traits(state)
    is_closed = world.state(slots, month).facility != state.facility
    age = np.maximum(month - state.opened, 0)
    # Sum of three even draws, as good as normal.
    luck = sum(world.dice.unit(f"luck {draw}", state.facility) - 0.5 for draw in range(3))
    bits: Numbers = (
        np.where(traits.is_home, HOME, DOUBLE_CAPACITY * np.log2(traits.capacity / USUAL_CAPACITY))
        + np.where(traits.is_gym, GYM, 0)
        + NEW_LICENSE * np.exp(-age / FADES)
        + np.where(traits.has_email, 0, NO_EMAIL)
        + np.where(has_phone, 0, NO_PHONE)
        + np.array([STATE[source] for source in sorted(STATE)])[state.source]
        + np.where(is_closed, CLOSED, 0)
        + 2 * LUCK * luck
    )
    return bits
