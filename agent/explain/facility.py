# SPDX-License-Identifier: Apache-2.0
"""The facility's energy as figures with their working papers: the host's energy by basis times the PUE that it was entered by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.history.hourly import ImpactHour, facility_basis
from impacts import quantities as q
from impacts.figures import Figure
from impacts.values.derivations import RESULT, work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from agent.accounts.totals import Totals
    from agent.explain.shares import Share
    from agent.history.grounds import Grounds
    from impacts.facility import Pue
    from impacts.values.derivations import Derivation

Shares = dict[str, list["Share"]]  # of the facility's energy, by basis

_ENERGY = Citation("the agent's accounts: the host's energy of the hours of which a PUE is known")
_UNITS = {"energy": "kWh", RESULT: "kWh"}


def by_basis(shares: Mapping[str, list[Share]]) -> Shares:
    """Return those shares that are of the facility's energy, by basis in place of their quantity."""
    named = ((facility_basis(quantity), found) for quantity, found in shares.items())
    return {basis: found for basis, found in named if basis is not None and found}


def facility_energy_figures(shares: Shares, pue: Pue | None, totals: Totals, period: str) -> Iterator[Figure]:
    """Return the facility's energy by basis; `totals` know what the host's rests on."""
    for basis, of_basis in shares.items():
        grounds = totals.grounds(basis) if basis in totals.sets else ()
        paper = _sum(of_basis, pue, grounds, f"energy of the facility, {basis.replace('_', ' ')}, {period}")
        entered = sum((one.amount for one in of_basis), ImpactHour()).amount
        yield Figure(q.FACILITY_ENERGY, (basis,), entered.estimate("J", *paper.leaves), basis, paper)


def pue_grounds(shares: Shares, pue: Pue | None) -> Grounds:
    """Return what the facility's energy rests on beside the host's."""
    return tuple(dict.fromkeys(cited_pue(one.by.factor, pue) for found in shares.values() for one in found))


def cited_pue(name: str, pue: Pue | None) -> Citation:
    """Return who states a PUE that was entered by this name, as far as it is known still."""
    return pue.citation if pue is not None and pue.name == name else Citation(f"the agent's history: {name}")


def _sum(shares: Sequence[Share], pue: Pue | None, grounds: Grounds, title: str) -> Derivation:
    if len(shares) == 1:
        return _product(title, shares[0], pue, grounds)
    parts = {
        f"by_pue_{number}": _product(f"{title}, by {one.by.factor}", one, pue, grounds)
        for number, one in enumerate(shares, 1)
    }
    return work_out(title, " + ".join(parts), parts, units={RESULT: "kWh"})


def _product(title: str, share: Share, pue: Pue | None, grounds: Grounds) -> Derivation:
    """Return energy × PUE, of which that of its hours is the mean by energy."""
    pairs = zip(share.amount.amount.amounts(), share.joules.amounts(), strict=True)
    ratios = [facility / host if host else 1.0 for facility, host in pairs]
    mean = Estimate(min(ratios), ratios[1], max(ratios), "1", (cited_pue(share.by.factor, pue),))
    inputs = {"energy": share.joules.estimate("J", _ENERGY, *grounds), "pue": mean}
    note = "; ".join(filter(None, ["the PUE of the hours, its mean by energy", share.span]))
    return work_out(title, "energy × pue", inputs, note, _UNITS)
