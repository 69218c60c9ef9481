# SPDX-License-Identifier: Apache-2.0
"""Market-based Scope 2: cases worked out by hand.

All are of 10 June 2025 in France, unless they say otherwise. The grid's average emits 60 g/kWh, the residual mix, where
there is one, 300. Energies are kWh, emissions grams; one number stands for low, central and high alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest
from market import KWH, delivers, hour, instrument, kwh, market_book, market_terms, per_kwh, residual

from impacts.market_based.emissions import MarketState, market_based
from impacts.market_based.instruments import Delivery

NOON = "2025-06-10T12:00"
RESIDUAL = residual(300)
WORKING_HOURS = frozenset(range(8, 18))


@dataclass(frozen=True)
class Case:
    name: str
    instruments: tuple
    grams: tuple  # low, central, high of all hours together, or one number
    covered: dict = field(default_factory=dict)  # central kWh by instrument; the rest is the fallback's
    energy: tuple = ((NOON, 10),)  # hour, kWh or (low, central, high)
    residuals: tuple = (RESIDUAL,)
    region: str = "FR"
    problems: tuple = ()


CASES = [
    # 10 kWh × 0
    Case("certificates for everything", (instrument("guarantee_of_origin", 0),), (0,), {"guarantee_of_origin": 10}),
    # 10 kWh × 12: an instrument's own factor counts, whatever it is called
    Case("certificates that emit something", (instrument("rec", 12),), (120,), {"rec": 10}),
    # 4 kWh × 20 + 6 kWh × 300 = 80 + 1800
    Case("a PPA for a part", (instrument("ppa", 20, share=0.4),), (1880,), {"ppa": 4}),
    # Certificates go first: 3 × 0. They last for 3 kWh; of the 7 after them the PPA covers half: 3.5 × 20 = 70.
    # The rest, 3.5 × 300 = 1050
    Case(
        "two instruments",
        (instrument("guarantee_of_origin", 0, kwh=3), instrument("ppa", 20, share=0.5)),
        (1120,),
        {"guarantee_of_origin": 3, "ppa": 3.5},
    ),
    # The same: the hierarchy goes before the order in the list
    Case(
        "two instruments, listed the other way round",
        (instrument("ppa", 20, share=0.5), instrument("guarantee_of_origin", 0, kwh=3)),
        (1120,),
        {"guarantee_of_origin": 3, "ppa": 3.5},
    ),
    # Of one level, so in the order of the list. The PPA covers half throughout: 5 × 20 = 100. The contract covers the
    # other half while it lasts: 4 × 100 = 400, used up after 8 kWh. The rest: 1 × 300
    Case(
        "a share, then a volume",
        (instrument("ppa", 20, share=0.5), instrument("supplier_contract", 100, kwh=4)),
        (800,),
        {"ppa": 5, "supplier_contract": 4},
    ),
    # 0.7 of 10 kWh × 20 = 140; only 0.3 is left of the second one's 0.6: 3 × 100 = 300
    Case(
        "shares of more than the whole",
        (instrument("ppa", 20, share=0.7), instrument("supplier_contract", 100, share=0.6)),
        (440,),
        {"ppa": 7, "supplier_contract": 3},
    ),
    # Half of 10 kWh would be 5, the volume is 3: 3 × 20 + 7 × 300 = 60 + 2100
    Case("a share up to a volume", (instrument("ppa", 20, share=0.5, kwh=3),), (2160,), {"ppa": 3}),
    # 2.5 × 20 + 7.5 × 300 = 50 + 2250
    Case("a volume that runs out within the hour", (instrument("ppa", 20, kwh=2.5),), (2300,), {"ppa": 2.5}),
    # 2 and 2 kWh wholly, then 1 of 2: 5 × 20 + 1 × 300 = 400
    Case(
        "a volume that runs out in the third hour",
        (instrument("ppa", 20, kwh=5),),
        (400,),
        {"ppa": 5},
        energy=(("2025-06-10T12:00", 2), ("2025-06-10T13:00", 2), ("2025-06-10T14:00", 2)),
    ),
    # It delivers 3 kWh at noon: 3 × 20 + 7 × 300 = 60 + 2100
    Case("hourly matching", (instrument("ppa", 20, delivery=delivers(h12=3)),), (2160,), {"ppa": 3}),
    # It delivers at eleven, the energy flows at noon: 10 × 300
    Case("hourly matching, nothing delivered", (instrument("ppa", 20, delivery=delivers(h11=50)),), (3000,)),
    # Noon: 2 of the 8 kWh delivered are used. One o'clock: none is delivered, and the 6 are not carried over.
    # 2 × 20 + 2 × 300 = 640, where yearly matching would make it 4 × 20 = 80
    Case(
        "hourly matching carries nothing over",
        (instrument("ppa", 20, kwh=100, delivery=delivers(h12=8)),),
        (640,),
        {"ppa": 2},
        energy=(("2025-06-10T12:00", 2), ("2025-06-10T13:00", 2)),
    ),
    # Seven: not yet. Eight: 0.5 kWh of 1. So 1 × 300 + 0.5 × 20 + 0.5 × 300 = 300 + 10 + 150
    Case(
        "a constant power in working hours",
        (instrument("ppa", 20, delivery=Delivery(joules_per_hour=0.5 * KWH, hours_of_day=WORKING_HOURS)),),
        (460,),
        {"ppa": 0.5},
        energy=(("2025-06-10T07:00", 1), ("2025-06-10T08:00", 1)),
    ),
    # The delivery would do for more, the volume is used up: 1.5 × 20 + 2.5 × 300 = 30 + 750
    Case(
        "hourly matching up to a volume",
        (instrument("ppa", 20, kwh=1.5, delivery=delivers(h12=1, h13=1)),),
        (780,),
        {"ppa": 1.5},
        energy=(("2025-06-10T12:00", 2), ("2025-06-10T13:00", 2)),
    ),
    # 10 × 300
    Case(
        "a contract that has expired",
        (instrument("ppa", 20, begins=date(2024, 1, 1), until=date(2024, 12, 31)),),
        (3000,),
        problems=("instrument_expired",),
    ),
    # 10 × 20: last year's PPA has been followed by another, so there is nothing to say of it
    Case(
        "a contract that was renewed",
        (
            instrument("ppa", 5, "old", begins=date(2024, 1, 1), until=date(2024, 12, 31)),
            instrument("ppa", 20, "new"),
        ),
        (200,),
        {"new": 10},
    ),
    # 10 × 300
    Case("a contract of the future", (instrument("ppa", 20, begins=date(2025, 7, 1)),), (3000,)),
    # Its last hour: 1 × 20. The hour after it: 1 × 300
    Case(
        "the end of a period",
        (instrument("ppa", 20),),
        (320,),
        {"ppa": 1},
        energy=(("2025-12-31T23:00", 1), ("2026-01-01T00:00", 1)),
    ),
    # 10 × 300: Germany's certificates are no use in France by the words of this one
    Case(
        "an instrument of another market",
        (instrument("guarantee_of_origin", 0, markets=("DE", "AT")),),
        (3000,),
        problems=("instrument_of_another_market",),
    ),
    # Corsica lies in the market FR: 4 × 20 + 6 × 300; the residual mix is that of all France
    Case(
        "a zone of the instrument's market",
        (instrument("ppa", 20, share=0.4),),
        (1880,),
        {"ppa": 4},
        region="FR-COR",
        problems=("residual_mix_of_larger_region",),
    ),
    # The place is not known, so neither is the market: the world's average, 10 × 480
    Case(
        "an instrument where the place is not known",
        (instrument("ppa", 20),),
        (4800,),
        region="",
        problems=("location_unknown", "no_residual_mix"),
    ),
    # 10 × 300
    Case(
        "an instrument without documentation",
        (instrument("guarantee_of_origin", 0, documentation=""),),
        (3000,),
        problems=("instrument_undocumented",),
    ),
    # 2.5 × 0 + 7.5 × 250 = 1875: the supplier's rate covers all that goes before it leaves
    Case(
        "a supplier's rate after certificates",
        (instrument("supplier_rate", 250), instrument("guarantee_of_origin", 0, kwh=2.5)),
        (1875,),
        {"guarantee_of_origin": 2.5, "supplier_rate": 7.5},
    ),
    # 10 × 300
    Case("a residual mix alone", (), (3000,)),
    # 10 × 280: the newest is of 2023, which is how residual mixes are published
    Case("a residual mix of an older year", (), (2800,), residuals=(residual(280, 2023), residual(270, 2022))),
    # 10 × 270: two and a half years are too old to say nothing
    Case("a residual mix of long ago", (), (2700,), residuals=(residual(270, 2022),), problems=("residual_mix_old",)),
    # 10 × 400: in this book real plants emit what the life cycle of typical ones is, and nothing is carbon-free
    Case("a residual mix over the life cycle", (), (4000,), residuals=(residual(400, boundary="life_cycle"),)),
    # 10 × 0
    Case("a residual mix of zero", (), (0,), residuals=(residual(0),), problems=("residual_mix_zero",)),
    # 10 × 250
    Case(
        "a residual mix of CO2 alone",
        (),
        (2500,),
        residuals=(residual(250, co2_only=True),),
        problems=("residual_mix_co2_only",),
    ),
    # 10 × 60
    Case("nothing at all: the grid's average", (), (600,), residuals=(), problems=("no_residual_mix",)),
    # 4 × 20 + 6 × 60 = 80 + 360
    Case(
        "a PPA for a part, and no residual mix",
        (instrument("ppa", 20, share=0.4),),
        (440,),
        {"ppa": 4},
        residuals=(),
        problems=("no_residual_mix",),
    ),
    Case("no energy", (instrument("ppa", 20, kwh=5),), (0,), energy=((NOON, 0),)),
    # 10 × 10, 10 × 20, 10 × 40
    Case("a factor with bounds", (instrument("ppa", (10, 20, 40)),), (100, 200, 400), {"ppa": 10}),
    # 8 kWh are covered whole. Of 10 kWh 1 is not: 300. Of 12 kWh 3 are not: 900
    Case(
        "bounds across a volume",
        (instrument("guarantee_of_origin", 0, kwh=9),),
        (0, 300, 900),
        {"guarantee_of_origin": 9},
        energy=((NOON, (8, 10, 12)),),
    ),
    # First hour, all covered: 4 × 900, 5 × 900, 6 × 900 = 3600, 4500, 5400. Then 5, 4 and 3 kWh are left:
    #   low 4 × 900 = 3600; central 4 × 900 + 1 × 300 = 3900; high 3 × 900 + 3 × 300 = 3600.
    # The bounds of the second hour are thus 3600 to 3900. Together 7200, 8400, 5400 + 3900 = 9300
    Case(
        "an instrument that emits more than the residual mix, used up first at high energy",
        (instrument("supplier_contract", 900, kwh=9),),
        (7200, 8400, 9300),
        {"supplier_contract": 9},
        energy=((NOON, (4, 5, 6)), ("2025-06-10T13:00", (4, 5, 6))),
    ),
]


def worked_out(case):
    """The grams of all hours by corner, the central kWh by id, and the problems of 10 June."""
    book = market_book(*case.residuals)
    state, grams, central_kwh = MarketState(), [0.0, 0.0, 0.0], {}
    for at, amount in case.energy:
        begins = hour(at)
        terms, _ = market_terms(case.instruments, book, case.region, date.fromisoformat(at[:10]))
        step = market_based(kwh(*(amount if isinstance(amount, tuple) else (amount,))), begins, state, terms)
        state = step.state
        grams = [sum(pair) for pair in zip(grams, (step.grams.low, step.grams.central, step.grams.high), strict=True)]
        for part in step.parts:
            central_kwh[part.id] = central_kwh.get(part.id, 0.0) + part.joules.central / KWH
    return grams, central_kwh, market_terms(case.instruments, book, case.region)[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_"))
def test_a_case_comes_out_as_by_hand(case):
    grams, central_kwh, problems = worked_out(case)
    assert grams == pytest.approx(list(case.grams) * (3 // len(case.grams)))
    covered = {name.partition(":")[2]: amount for name, amount in central_kwh.items() if name.startswith("instrument:")}
    assert covered == pytest.approx(case.covered)
    assert tuple(problem.reason for problem in problems) == case.problems
    energy = sum(amount[1] if isinstance(amount, tuple) else amount for _, amount in case.energy)
    assert sum(central_kwh.values()) == pytest.approx(energy)


def test_every_case_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 15


def test_a_residual_mix_without_bounds_takes_those_of_the_grids_average():
    # The grid: 60 (45 to 90), that is 0.75 to 1.5 times. 300 × 0.75 = 225, 300 × 1.5 = 450
    terms, _ = market_terms((), market_book(RESIDUAL, grid=per_kwh(45, 60, 90)))
    step = market_based(kwh(10), hour(NOON), MarketState(), terms)
    assert (step.grams.low, step.grams.central, step.grams.high) == pytest.approx((2250, 3000, 4500))
