# SPDX-License-Identifier: Apache-2.0
"""Whether a slow meter shows at least what counters show inside it: both averaged, for it lags behind every rise."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

_AVERAGED_SECONDS = 300.0
_LEAST_SECONDS = 120.0
_LEAST_RATIO = 0.95  # as in contradictions.py


@dataclass
class Cover:
    """What the meter and the counters inside it showed over the last minutes (W)."""

    shown: float = 0.0
    inside: float = 0.0
    seconds: float = 0.0  # that were compared

    def take(self, shown: float, inside: float, seconds: float) -> None:
        """Take a reading of the meter, and what the counters showed in the same seconds."""
        self.seconds += seconds
        staying = exp(-seconds / _AVERAGED_SECONDS)
        self.shown = staying * self.shown + (1 - staying) * shown
        self.inside = staying * self.inside + (1 - staying) * inside

    @property
    def is_whole(self) -> bool:
        """Whether the meter can contain what is inside, as far as is known."""
        return self.seconds < _LEAST_SECONDS or self.shown >= _LEAST_RATIO * self.inside
