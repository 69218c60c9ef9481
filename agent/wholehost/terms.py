# SPDX-License-Identifier: Apache-2.0
"""The terms of the load model: what one kind of component draws, as a full power and the share of it drawn at a load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.readings import PowerModel
from impacts.values.curves import Curve
from impacts.values.estimates import Citation, Estimate, merge_grounds

if TYPE_CHECKING:
    from impacts.values.derivations import Derivation

LOAD = Citation("source model: the CPUs' load")

_CONSTANT = Citation("source model: drawn whatever the load")

ALWAYS = Curve.constant(Estimate.exact(1.0, "1", _CONSTANT))


@dataclass(frozen=True, slots=True)
class Term:
    """One kind of component: its full power, and the share of it drawn at each load of 0 to 1."""

    name: str
    component: str
    full: Derivation  # W
    share: Curve = ALWAYS

    def watts(self, load: float) -> float:
        """Return the power at a load."""
        return self.full.estimate.central * self.share.at(load).central

    def power(self, load: float) -> Estimate:
        """Return the power at a load with its bounds."""
        return self.full.estimate * self.share.at(load)

    @property
    def grounds(self) -> tuple[Citation, ...]:
        """What the term rests on."""
        return merge_grounds(self.full.estimate.grounds, self.share.grounds)

    @property
    def accuracy(self) -> Estimate:
        """What the truth may be, as ratios of the modelled power, at the load at which the bounds are widest."""
        full, shares = self.full.estimate, [share for _, share in self.share.points if share.central]
        low = min(share.low / share.central for share in shares) * full.low / full.central
        high = max(share.high / share.central for share in shares) * full.high / full.central
        return Estimate(low, 1.0, high, "1", self.grounds)

    @property
    def model(self) -> PowerModel:
        """What the power of the term's channel is worked out by."""
        points = ", ".join(f"{share.central:.3g} at {load:g}" for load, share in self.share.points)
        is_constant = self.share is ALWAYS
        note = "whatever the load" if is_constant else f"share of full power, linear between loads: {points}"
        return PowerModel(self.full, self.share, note)
