# SPDX-License-Identifier: Apache-2.0
"""Fits the load model's curves and boards to published results: writes impacts/data/wattprint-load-model/factors.csv.

`make fit-power SPECPOWER=CLONE NEWER=CLONE`; power_results.py says how to get the two clones.

A host draws (CPUs + memory + board + drives + the supplies' constant loss) ÷ the supplies' efficiency. The shares of
thermal design power by class and load and the boards are fitted together, by weighted non-negative least squares of the
relative error with outliers counting less (iteratively reweighted), so that each is what fits all loads. Memory, drives
and supplies are not fitted: they are rows with sources of their own. A processor model counts by the root of its number
of results. How a family lies to its class is fitted after that: its processor models vote, and the class has a tenth of
a vote. The bounds hold 95 % of the results whose family was left out of the fit; see docs/power-validation.md.
"""

from __future__ import annotations

import csv
import math
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from power_results import LOADS, Result, known, newer, specpower
from scipy.optimize import nnls

from agent.wholehost.load_model import LoadModel, model_of
from impacts.cpus.families import family_tdp_watts, power_family
from impacts.cpus.names import normalise, tdp_watts
from impacts.datasets import COLUMNS, load_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from impacts.factor_book import FactorBook

DATASET = Path(__file__).parents[1] / "impacts" / "data" / "wattprint-load-model" / "factors.csv"
ON = date(2026, 11, 25)
CLASSES = ("server", "server_without_boost", "entry", "older")
MACHINES = ("server", "entry", "older")  # with a board each
ARM = ("Altra", "Altra Max")
FIRST_YEAR = 2004

# In production the clock is not held down for the sake of efficiency, as in published results. So a machine is taken to
# draw 15 % more of its thermal design power than they show. That is judgement: a quarter of the way, in proportion, from
# them (0.25 and 0.39 of it at loads of 0.2 and 0.5) to the bare-metal servers of a cloud under a load generator (turbostress
# reports, 2021: 0.43 and 0.72). A machine whose boost is off is taken to draw what the published results show.
PRODUCTION = 1.15

# The highest share of thermal design power that the processors of bare-metal servers drew with boost (turbostress
# reports, June 2021, by RAPL; without the 8275CL and 8252C, which draw more than their design power all the time: the
# table of design powers has their range), and small ones (CodeCarbon's profiles, E3-1240 v2).
SEEN_WITH_BOOST = {
    "server": {"0": 0.13, "0.1": 0.37, "0.2": 0.51, "0.3": 0.62, "0.5": 0.93, "0.7": 1.17, "1": 1.29},
    "entry": {"0": 0.05, "0.1": 0.12, "0.2": 0.16, "0.3": 0.2, "0.5": 0.38, "0.7": 0.85, "1": 1.33},
}
BOARD_BOUNDS = (0.6, 2.0)  # of servers in production: 53 to 70 W of two sockets (Schöne et al. 2021)
MARGIN = 1.05  # on the bounds of the processors' share: families that are not among these
LEAST_BOUNDS = (0.8, 1.25)  # of the processors' share alone, where the bounds of the other parts would do
INSIDE = 0.95
CLASS_VOTE = 0.1  # of the class, where a processor model of the family has one
RATIO_LIMITS = (0.1, 5.0)  # of a result to its class: no single page moves its family further


@dataclass(frozen=True, slots=True)
class Case:
    """A result as the fit sees it."""

    result: Result
    family: str
    kind: str  # one of CLASSES, or arm
    tdp: float  # W, of all processors
    sockets: int
    others: LoadModel  # memory, drives, the supplies' constant loss

    @property
    def machine(self) -> str:
        """The class of machine, whatever its boost."""
        return {"server_without_boost": "server", "arm": "server"}.get(self.kind, self.kind)

    def inside(self, load: str) -> float:
        """Return what is drawn behind the supplies, less what is known of it."""
        return self.result.watts[load] * self.efficiency - self.others_watts(load)

    @property
    def efficiency(self) -> float:
        """What the supplies pass on of a further watt."""
        return self.others.psu_efficiency.central

    def others_watts(self, load: str) -> float:
        """Return what is drawn by parts that are not fitted."""
        return sum(term.watts(float(load)) for term in self.others.terms)


def cases(results: Iterable[Result], book: FactorBook) -> list[Case]:
    """Return the results whose processors' family and design power are known, from the first year on."""
    made = (case_of(result, book) for result in results if result.year >= FIRST_YEAR)
    return [case for case in made if case is not None]


def case_of(result: Result, book: FactorBook) -> Case | None:
    """Return a result as the fit sees it; None if its family or design power is not known."""
    cpu = result.cpu
    family = power_family(cpu.model or "", cpu.cores)
    tdp = tdp_watts(book, cpu.model or "") or family_tdp_watts(book, cpu.model or "", cpu.cores)
    if family is None or tdp is None:
        return None
    kind = family.machine_class
    if kind == "server" and cpu.boost is False:
        kind = "server_without_boost"
    model = model_of(result.inventory, book, ON, 0)
    others = tuple(term for term in model.terms if term.name not in {"cpu", "board"})
    return Case(
        result=result,
        family=family.name,
        kind=kind,
        tdp=tdp.central * cpu.count,
        sockets=cpu.count,
        others=LoadModel(others, model.psu_efficiency),
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """What is fitted: shares of thermal design power by class and load, and constants in W."""

    shares: dict[str, dict[str, float]]
    board: dict[str, float]
    per_socket: dict[str, float]

    def on_board(self, case: Case) -> float:
        """Return the power of the board."""
        return self.board[case.machine] + case.sockets * self.per_socket[case.machine]

    def cpu(self, case: Case, load: str) -> float:
        """Return the power of the processors, by their class alone."""
        return case.tdp * self.shares["server" if case.kind == "arm" else case.kind][load]


def _shared(kind: str, load: str) -> tuple[str, str]:
    """Return the share that a class has at a load: with nothing to do, boost plays no part."""
    return ("server" if kind == "server_without_boost" and load == "0" else kind, load)


_SHARES = list(dict.fromkeys(_shared(kind, load) for kind in CLASSES for load in LOADS))
_CONSTANTS = [(name, machine) for name in ("board", "per_socket") for machine in MACHINES]
_UNKNOWNS = [*_SHARES, *_CONSTANTS]
_LEAST_SHARE = 0.02  # a package in its deepest idle state still draws some watts
_TOLERATED = 0.15  # of the relative error: what is further off counts less
_ROUNDS = 12


def fit(those: Sequence[Case]) -> Fit:
    """Fit all unknowns to the cases."""
    rows = [(case, load) for case in those if case.kind != "arm" for load in case.result.watts if load in LOADS]
    matrix = np.array([_equation(case, load) for case, load in rows])
    wanted = np.array([case.inside(load) for case, load in rows])
    walls = np.array([case.result.watts[load] * case.efficiency for case, load in rows])
    votes = _votes(those)
    weights = np.array([votes[normalise(case.result.cpu.model or "")] for case, _ in rows])
    counts = np.ones(len(rows))
    least = np.array([_LEAST_SHARE if unknown in _SHARES else 0.0 for unknown in _UNKNOWNS])
    for _ in range(_ROUNDS):
        scale = np.sqrt(weights * counts) / walls
        above, _ = nnls(matrix * scale[:, None], (wanted - matrix @ least) * scale)
        found = least + above
        counts = 1 / np.sqrt(1 + ((matrix @ found - wanted) / walls / _TOLERATED) ** 2)
    values = dict(zip(_UNKNOWNS, map(float, found), strict=True))
    shares = {kind: {load: values[_shared(kind, load)] for load in LOADS} for kind in CLASSES}
    boards = ({machine: values[name, machine] for machine in MACHINES} for name in ("board", "per_socket"))
    return Fit(shares, *boards)


def _equation(case: Case, load: str) -> list[float]:
    constants = {"board": 1, "per_socket": case.sockets}
    return [
        *(case.tdp * (_shared(case.kind, load) == unknown) for unknown in _SHARES),
        *(constants[name] * (machine == case.machine) for name, machine in _CONSTANTS),
    ]


def _votes(those: Sequence[Case]) -> dict[str, float]:
    counts = Counter(normalise(case.result.cpu.model or "") for case in those)
    return {name: 1 / math.sqrt(count) for name, count in counts.items()}


def family_ratios(those: Sequence[Case], whole: Fit) -> dict[str, dict[str, float]]:
    """Return by family and load how its share of thermal design power lies to its class: 1 is the class."""
    votes: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case in those:
        for load in case.result.watts:
            share = (case.inside(load) - whole.on_board(case)) / whole.cpu(case, load)
            votes[case.family, load][normalise(case.result.cpu.model or "")].append(_within(RATIO_LIMITS, share))
    ratios: dict[str, dict[str, float]] = {}
    machines = {case.family: case.machine for case in those}
    for family in sorted({case.family for case in those}):
        by_load = {load: _vote(list(votes[family, load].values())) for load in LOADS}
        ratios[family] = _rising(by_load, whole.shares[machines[family]])
    return ratios


def _within(limits: tuple[float, float], value: float) -> float:
    return min(max(value, limits[0]), limits[1])


def _vote(by_model: list[list[float]]) -> float:
    """Return the geometric mean of the processor models' medians, each with the root of its number of results, and 1."""
    weights = [math.sqrt(len(ratios)) for ratios in by_model]
    logs = (weight * math.log(median(ratios)) for weight, ratios in zip(weights, by_model, strict=True))
    return math.exp(sum(logs) / (sum(weights) + CLASS_VOTE))


def _rising(ratios: dict[str, float], shares: dict[str, float]) -> dict[str, float]:
    """Return the ratios with none by which more load would draw less."""
    highest, kept = 0.0, {}
    for load in LOADS:
        highest = max(highest, ratios[load] * shares[load])
        kept[load] = highest / shares[load]
    return kept


def held_out(those: Sequence[Case], without: str) -> Fit:
    """Fit to all but one family."""
    return fit([case for case in those if case.family != without])


def share_bounds(those: Sequence[Case], fits: dict[str, Fit]) -> dict[str, dict[str, tuple[float, float]]]:
    """Return by class and load the bounds of the processors' share, as ratios, that hold for families not seen."""
    bounds: dict[str, dict[str, tuple[float, float]]] = {kind: {} for kind in CLASSES}
    for kind in CLASSES:
        for load in LOADS:
            wanted = _shared(kind, load)
            alike = [case for case in those if _shared(case.kind, load) == wanted and load in case.result.watts]
            bounds[kind][load] = _ratio_bounds(alike, load, fits)
    return bounds


def _ratio_bounds(alike: Sequence[Case], load: str, fits: dict[str, Fit]) -> tuple[float, float]:
    families = Counter(case.family for case in alike)
    lows, highs = [], []
    for case in alike:
        whole = fits[case.family]
        others = [term.power(float(load)) for term in case.others.terms]
        board = whole.on_board(case)
        fixed_low = sum(one.low for one in others) + board * BOARD_BOUNDS[0]
        fixed_high = sum(one.high for one in others) + board * BOARD_BOUNDS[1]
        wall, efficiency = case.result.watts[load], case.others.psu_efficiency
        cpu = whole.cpu(case, load)
        weight = 1 / math.sqrt(families[case.family])
        lows.append(((wall * efficiency.high - fixed_low) / cpu, weight))
        highs.append(((wall * efficiency.low - fixed_high) / cpu, weight))
    tail = (1 - INSIDE) / 2
    return max(0.0, min(1.0, _quantile(lows, tail) / MARGIN)), max(1.0, _quantile(highs, 1 - tail) * MARGIN)


def _quantile(weighted: list[tuple[float, float]], position: float) -> float:
    ordered = sorted(weighted)
    total, so_far = sum(weight for _, weight in ordered), 0.0
    for value, weight in ordered:
        so_far += weight
        if so_far >= position * total:
            return value
    return ordered[-1][0]


def rows(
    whole: Fit, ratios: dict[str, dict[str, float]], bounds: dict[str, dict[str, tuple[float, float]]]
) -> list[tuple[str, float, float, float]]:
    """Return the dataset's rows: entry, value, low, high."""
    arm = _arm_ratios(ratios)
    found = [
        *(row for kind in CLASSES for row in _curve(kind, whole.shares[kind], bounds[kind])),
        *_arm(arm, whole, bounds),
        *(row for family, by_load in ratios.items() for row in _family(family, by_load, arm)),
    ]
    constants = [
        *((f"board_power:{machine}", whole.board[machine]) for machine in MACHINES),
        *((f"board_power_per_socket:{machine}", whole.per_socket[machine]) for machine in MACHINES),
    ]
    low, high = BOARD_BOUNDS
    for entry, value in constants:
        found.append((entry, value, value * low, value * high))
    return found


def _curve(
    kind: str, shares: dict[str, float], bounds: dict[str, tuple[float, float]]
) -> list[tuple[str, float, float, float]]:
    seen = SEEN_WITH_BOOST.get(kind, {})
    found = []
    for load in LOADS:
        low, high = (shares[load] * ratio for ratio in bounds[load])
        value = shares[load] * (PRODUCTION if seen and load != "0" else 1)
        reached = SEEN_WITH_BOOST.get(_shared(kind, load)[0], {}).get(load, 0.0) if load == "0" else seen.get(load, 0.0)
        low, high = min(low, value * LEAST_BOUNDS[0]), max(high, value * LEAST_BOUNDS[1], reached)
        found.append((f"cpu_load_curve:{kind}:{load}", value, low, high))
    return found


def _arm_ratios(ratios: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return how Arm servers lie to the others, by the few results with an Altra."""
    few = [by_load for family, by_load in ratios.items() if family in ARM]
    return {load: math.exp(sum(math.log(one[load]) for one in few) / max(1, len(few))) for load in LOADS}


def _arm(
    ratios: dict[str, float], whole: Fit, bounds: dict[str, dict[str, tuple[float, float]]]
) -> Iterator[tuple[str, float, float, float]]:
    """Yield the curve of Arm servers, with bounds twice as far from it as those of the others, for there are few."""
    for load in LOADS:
        share = whole.shares["server"][load] * ratios[load]
        low, high = bounds["server"][load]
        yield f"cpu_load_curve:arm:{load}", share, share * low / 2, share * max(high, LEAST_BOUNDS[1]) * 2


def _family(family: str, by_load: dict[str, float], arm: dict[str, float]) -> Iterator[tuple[str, float, float, float]]:
    for load, ratio in by_load.items():
        to_class = ratio / arm[load] if family in ARM else ratio
        yield f"cpu_load_ratio:{family}:{load}", to_class, to_class, to_class


def write(found: Iterable[tuple[str, float, float, float]], those: Sequence[Case]) -> None:
    """Write the dataset's rows, with what each was fitted to."""
    with DATASET.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for entry, value, low, high in found:
            numbers = (f"{one:.4g}" for one in (value, low, high))
            table.writerow([entry, "", "", "", *numbers, _fitted_to(entry, those), ""])


def _fitted_to(entry: str, those: Sequence[Case]) -> str:
    """Return how many results a row rests on: those of its family, of its class, or of its class of machine for a board."""
    subject, name = entry.split(":")[:2]
    kinds = {"cpu_load_ratio": lambda case: case.family, "cpu_load_curve": lambda case: case.kind}
    # No board is fitted to Arm's results: they are too few, and have that of the other servers.
    kind_of = kinds.get(subject, lambda case: case.kind if case.kind == "arm" else case.machine)
    alike = [case for case in those if kind_of(case) == name]
    families = len({case.family for case in alike})
    number = f"{len(alike)} result{'s' if len(alike) > 1 else ''}"
    return number if subject == "cpu_load_ratio" else f"{number} of {families} families"


def main(specpower_clone: Path, newer_clone: Path) -> None:
    """Fit, and write the dataset."""
    book = load_book()
    those = cases(known([*specpower(specpower_clone), *newer(newer_clone)]), book)
    whole = fit(those)
    fits = {family: held_out(those, family) for family in {case.family for case in those}}
    write(rows(whole, family_ratios(those, whole), share_bounds(those, fits)), those)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
