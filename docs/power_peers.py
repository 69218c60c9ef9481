# SPDX-License-Identifier: Apache-2.0
"""What other programs would state of the same machines: their published formulas on the parts that a result's page lists.

None of them has bounds. The boosted trees are trained here on the same results without the processor's family; they need
`pip install xgboost` and are left out without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from power_results import LOADS

from agent.wholehost.terms import LOAD
from impacts.values.curves import Curve
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fit_power import Case

Prediction = dict[str, float]  # W by load

# Teads, Estimating AWS EC2 instances power consumption, 2021, as BoaviztAPI 2.5 has it: share of design power by load.
_BOAVIZTAPI_SHARES = {"0": 0.12, "0.1": 0.32, "0.5": 0.75, "1": 1.02}
# Cloud Carbon Footprint, cloud-carbon-coefficients, coefficients-gcp-use.csv and coefficients-aws-use.csv: W of a thread at
# no and at full load; the mean where it has no row of the family. Memory: its methodology, 0.392 W/GB.
_CCF = {
    "Skylake-SP": (0.645, 3.898),
    "Broadwell-EP": (0.713, 3.386),
    "Haswell-EP": (1.901, 5.969),
    "Rome": (0.474, 1.575),
    "Cascade Lake-SP": (0.639, 3.642),
    "Milan": (0.445, 1.872),
    "Ivy Bridge-EP": (3.037, 8.200),
    "Sandy Bridge-EP": (2.169, 8.550),
    "Naples": (0.663, 2.242),
    "Coffee Lake": (1.667, 7.758),
}
_CCF_MEAN = (0.74, 3.5)
_THREADS_PER_CORE = 2
_RAM_SLOT_WATTS = 5  # CodeCarbon 3: a module, and less for each of many


def boaviztapi(case: Case) -> Prediction:
    """BoaviztAPI 2.5: design power by Teads' curve, memory by module and GB, 8 and 6.4 W a drive, and a third on top."""
    points = tuple((float(load), Estimate.exact(share, "1", LOAD)) for load, share in _BOAVIZTAPI_SHARES.items())
    curve = Curve(points)
    drives = 8.0 * _count(case, "ssd") + 6.4 * _count(case, "hdd")
    memory = 3 * _count(case, "memory") + 0.055 * _gigabytes(case)
    return {
        load: 1.33 * (case.tdp * curve.at(float(load)).central + memory * (0.7 + 0.3 * float(load)) + drives)
        for load in LOADS
    }


def cloud_carbon_footprint(case: Case) -> Prediction:
    """Cloud Carbon Footprint: a straight line between two powers of a thread, and memory by GB."""
    least, most = _CCF.get(case.family, _CCF_MEAN)
    threads = (case.result.cpu.cores or 0) * case.sockets * _THREADS_PER_CORE
    return {load: threads * (least + (most - least) * float(load)) + 0.392 * _gigabytes(case) for load in LOADS}


def codecarbon(case: Case) -> Prediction:
    """CodeCarbon 3, by load: design power times 0.1 + 0.9 load³, and memory; it claims no more than those two."""
    shares = ((4, 1.0), (4, 0.9), (8, 0.8), (10**6, 0.7))
    left, memory = _count(case, "memory"), 0.0
    for number, share in shares:
        memory += _RAM_SLOT_WATTS * share * min(left, number)
        left = max(0, left - number)
    return {load: case.tdp * (0.1 + 0.9 * float(load) ** 3) + memory for load in LOADS}


def codecarbon_constant(case: Case) -> Prediction:
    """CodeCarbon 3 without a load: half of the design power, and memory."""
    return dict.fromkeys(LOADS, case.tdp / 2 + codecarbon(case)["0"] - 0.1 * case.tdp)


FORMULAS = {
    "BoaviztAPI 2.5": boaviztapi,
    "Cloud Carbon Footprint": cloud_carbon_footprint,
    "CodeCarbon 3, by load": codecarbon,
    "CodeCarbon 3, constant": codecarbon_constant,
}
TREES = "boosted trees (as spec-power-model), family left out"


def boosted_trees(those: Sequence[Case]) -> dict[int, Prediction] | None:
    """Return by case what boosted trees state that were trained without its family; None where xgboost is missing."""
    try:
        from xgboost import DMatrix, train  # noqa: PLC0415 - large, and for this page alone
    except ImportError:
        return None
    features = {(number, load): _features(case, load) for number, case in enumerate(those) for load in LOADS}
    found: dict[int, Prediction] = {}
    for family in {case.family for case in those}:
        seen = [
            (features[number, load], case.result.watts[load])
            for number, case in enumerate(those)
            if case.family != family
            for load in LOADS
            if load in case.result.watts
        ]
        points = DMatrix(np.array([x for x, _ in seen]), np.array([y for _, y in seen]))
        model = train({"seed": 0}, points, num_boost_round=100)  # the program's: all by default
        for number, case in enumerate(those):
            if case.family == family:
                watts = model.predict(DMatrix(np.array([features[number, load] for load in LOADS])))
                found[number] = dict(zip(LOADS, map(float, watts), strict=True))
    return found


def _features(case: Case, load: str) -> list[float]:
    cores = (case.result.cpu.cores or 0) * case.sockets
    is_intel = "Xeon" in (case.result.cpu.model or "")
    each = case.tdp / case.sockets
    return [each, cores, case.sockets, _gigabytes(case), case.result.year, float(is_intel), float(load)]


def _count(case: Case, kind: str) -> int:
    return sum(part.count for part in case.result.inventory.of_kind(kind))


def _gigabytes(case: Case) -> float:
    return sum(part.count * (part.capacity_gb or 0.0) for part in case.result.inventory.of_kind("memory"))
