# SPDX-License-Identifier: Apache-2.0
"""What an inlet meter has taught of its host, as figures with their working papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.wholehost.siblings.taught import ERRORS_TO_BOUNDS
from impacts import quantities as q
from impacts.figures import Figure
from impacts.values.derivations import work_out
from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.wholehost.siblings.regression import Bend
    from agent.wholehost.siblings.taught import Taught
    from impacts.values.derivations import Derivation

METHOD = "taught"


def taught_figures(taught: Taught | None) -> Iterator[Figure]:
    """Return power by load, where enough is known of a load; nothing where no inlet meter has taught any."""
    if taught is None or not taught.bends:
        return
    learned = Citation(
        f"the agent's own regression of the inlet meter ({taught.meter}) on the CPUs' load, in five-minute means"
    )
    for bend in taught.bends:
        load = f"{bend.load:g}"
        yield Figure.derived(q.TAUGHT_POWER, (load,), _power(bend, taught, learned), METHOD)
        yield Figure(q.TAUGHT_OBSERVATION, (load,), Estimate.exact(bend.seconds, "s", learned))
    yield Figure(q.TAUGHT_RESIDUAL, (), Estimate.exact(taught.residual_watts, "W", learned), METHOD)
    yield Figure(q.TAUGHT_FLOOR, (), Estimate.exact(taught.floor_watts, "W", learned), METHOD)
    parts = taught.configuration
    labels = (taught.meter, parts.cpus, parts.memory, parts.cards, parts.drives)
    yield Figure(q.TAUGHT, labels, Estimate.exact(1.0, "1", learned))


def _power(bend: Bend, taught: Taught, learned: Citation) -> Derivation:
    reach = ERRORS_TO_BOUNDS * bend.error_watts
    inputs = {
        "learned": Estimate(max(0.0, bend.watts - reach), bend.watts, bend.watts + reach, "W", (learned,)),
        "accuracy": taught.accuracy,
    }
    return work_out(f"power at the inlet at a CPU load of {bend.load:g}", "learned × accuracy", inputs)
