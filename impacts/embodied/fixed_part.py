# SPDX-License-Identifier: Apache-2.0
"""The fixed part of a server: what manufacturers publish for it, less the parts that an inventory lists.

Board, case, fans, cabling, risers and assembly: no bottom-up constant comes near what is published for them. So the
fixed part is taken from the published footprints: of the same product, else of its manufacturer, else of all of them.
Levels are geometric means. Bounds are prediction intervals of nine in ten for one more figure of the same kind
(Student's t on logarithms), over every year of assessment, for a method's year moves the level more than the machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from math import exp, hypot, log, sqrt
from statistics import fmean
from types import MappingProxyType
from typing import TYPE_CHECKING

from impacts.values.estimates import Citation, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from impacts.parts import Server
    from impacts.products import Product

# Quantiles of Student's t, 0.95 one-sided, by degrees of freedom; further on the last one, 5 % too wide at most.
_T95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753)
# With fewer levels than this their scatter says nothing: then a factor either way, that between Dell's of 2019 and
# HPE's of 2021 and a third as much again.
_FEWEST_LEVELS = 3
_BETWEEN_LEVELS = 2.6
# One manufacturer's level moves with the year: by this factor where no manufacturer published in two, Dell's 1.7 and some.
_BETWEEN_YEARS = 2.0


_BOUNDS = "bounds: nine in ten of one more assessment by this manufacturer, in any of its years"


@dataclass(frozen=True, slots=True)
class FixedPart:
    """A fixed part in kgCO2e, how it was found, and from which published footprints."""

    value: Estimate
    method: str  # published_product, manufacturer_level or pooled_level
    note: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Published fixed parts of one manufacturer, one year of assessment and one kind of case, as logarithms of kg."""

    maker: str
    year: int
    blade: bool
    logs: tuple[float, ...]

    @property
    def level(self) -> float:
        return fmean(self.logs)

    def reach(self, least: float) -> float:
        """Return how far one more figure of the group may lie from its level: `least`, or more by its own scatter."""
        count = len(self.logs)
        own = t95(count - 1) * _deviation(self.logs) if count > 1 else 0.0
        return max(own, least) * sqrt(1 + 1 / count)


class Levels:
    """What the published footprints say of the fixed parts of servers.

    `parts_of` gives the manufacture in kgCO2e of the parts of a published configuration, its central value; `wholes` what
    manufacturers publish, in kgCO2e, without stating the configuration.
    """

    def __init__(
        self,
        products: Sequence[Product],
        parts_of: Callable[[Product], float],
        wholes: Mapping[str, Sequence[float]] = MappingProxyType({}),
    ) -> None:
        self._wholes = wholes
        self._kg = {product: product.footprint.value.central / 1e3 - parts_of(product) for product in products}
        known = sorted((product for product, kg in self._kg.items() if kg > 0), key=_group_key)
        self._groups = tuple(
            _Group(*key, tuple(log(self._kg[product]) for product in of_key))
            for key, of_key in groupby(known, key=_group_key)
        )
        self._least_reach = _pooled_reach(self._groups)
        self._products = products

    def of_product(self, product: Product) -> FixedPart:
        """Return the fixed part of a published product. Another year's assessment would have given another figure."""
        kg = self._kg[product]
        groups = [group for group in self._groups if group.maker == product.maker]
        low, high = self._envelope(groups, blade=_is_blade(product.configuration.server))
        reach = exp(self._least_reach)
        value = Estimate(min(low, kg / reach), kg, max(high, kg * reach), "kgCO2e/unit", (product.footprint.citation,))
        published = product.footprint.value.central / 1e3
        note = (
            f"published for the product: {published:.6g} kgCO2e, of which its parts {published - kg:.6g} "
            f"({_listed(product)}; by the models of any server's parts); {_BOUNDS}"
        )
        return FixedPart(value, "published_product", note)

    def of_maker(self, maker: str, server: Server, year: int | None) -> FixedPart | None:
        """Return the level of a manufacturer, near the year where it is known; None where it publishes nothing."""
        groups = [group for group in self._groups if group.maker == maker]
        if not groups:
            return None
        blade = _is_blade(server)
        near = _nearest(groups, year)
        central = exp(self._level(near, blade=blade))
        low, high = self._envelope(groups, blade=blade)
        value = Estimate(
            min(low, central),
            central,
            max(high, central),
            "kgCO2e/unit",
            (cited([p for p in self._products if p.maker == maker]),),
        )
        return FixedPart(
            value, "manufacturer_level", f"level of what the manufacturer publishes: {_counted(near)}; {_BOUNDS}"
        )

    def pooled(self, server: Server, year: int | None, maker: str = "") -> FixedPart:
        """Return the level over all manufacturers: of the nearest year, in which they agree, else of every year.

        A manufacturer whose sheets do not state what was in the servers may put as much into what every server has as its
        sheets come to: the upper bound holds their mean.
        """
        blade = _is_blade(server)
        near = _nearest(self._groups, year)
        level = self._over_makers(near, blade=blade)
        # What may be of any year may be of each.
        of_years = [
            self._over_makers([group for group in near if group.year == of], blade=blade)
            for of in {group.year for group in near}
        ]
        reach, grounds = self._between_groups(), (cited(self._products),)
        wholes = self._wholes.get(maker, ())
        high = max(exp(max(of_years) + reach), exp(fmean(map(log, wholes))) if wholes else 0.0)
        value = Estimate(exp(min(of_years) - reach), exp(level), high, "kgCO2e/unit", grounds)
        unstated = (
            f"; {len(wholes)} sheets of its own do not state the parts, and widen the upper bound" if wholes else ""
        )
        return FixedPart(value, "pooled_level", f"level of what others publish: {_counted(near)}{unstated}")

    def _over_makers(self, groups: Sequence[_Group], *, blade: bool) -> float:
        """Return the mean level, each manufacturer counting once."""
        makers = sorted({group.maker for group in groups})
        of_makers = ([group for group in groups if group.maker == maker] for maker in makers)
        return fmean(self._level(list(of_maker), blade=blade) for of_maker in of_makers)

    def _level(self, groups: Sequence[_Group], *, blade: bool) -> float:
        """Return the level over groups by their figures, in the case that is asked for."""
        same = [group for group in groups if group.blade == blade]
        logs = [x for group in same or groups for x in group.logs]
        return fmean(logs) + (0.0 if same else self._blade_step() * (1 if blade else -1))

    def _blade_step(self) -> float:
        """Return by how much the logarithm is higher for a blade, where one maker published both in one year."""
        steps = [
            blade.level - other.level
            for blade in self._groups
            for other in self._groups
            if blade.blade and not other.blade and (blade.maker, blade.year) == (other.maker, other.year)
        ]
        return fmean(steps) if steps else 0.0

    def _envelope(self, groups: Sequence[_Group], *, blade: bool) -> tuple[float, float]:
        """Return the lowest and highest that one more figure of any of these groups may be, in kgCO2e."""
        step = self._blade_step()
        shifts = [step * (blade - group.blade) for group in groups]
        reaches = [group.reach(self._least_reach) for group in groups]
        if len({group.year for group in groups}) == 1:
            reaches = [hypot(reach, self._between_years()) for reach in reaches]
        lows = [group.level + shift - reach for group, shift, reach in zip(groups, shifts, reaches, strict=True)]
        highs = [group.level + shift + reach for group, shift, reach in zip(groups, shifts, reaches, strict=True)]
        return exp(min(lows)), exp(max(highs))

    def _between_years(self) -> float:
        """Return how far a manufacturer's level may move in a year that it published nothing in."""
        of_racks = sorted((group for group in self._groups if not group.blade), key=lambda group: group.maker)
        moved = [
            max(levels) - min(levels)
            for _, of_maker in groupby(of_racks, key=lambda group: group.maker)
            if len(levels := [group.level for group in of_maker]) > 1
        ]
        return fmean(moved) if moved else log(_BETWEEN_YEARS)

    def _between_groups(self) -> float:
        """Return how far a manufacturer and method that publish nothing may lie from those that do."""
        levels = [group.level for group in self._groups if not group.blade]
        if len(levels) < _FEWEST_LEVELS:
            return log(_BETWEEN_LEVELS)
        return max(self._least_reach, t95(len(levels) - 1) * _deviation(levels) * sqrt(1 + 1 / len(levels)))


def cited(products: Sequence[Product]) -> Citation:
    """Return all rows as one citation: a level rests on dozens of them."""
    row = products[0].footprint.citation
    makers = ", ".join(sorted({product.maker for product in products}))
    locator = f"all {len(products)} rows of {makers} in {row.dataset}"
    return replace(row, entry=f"{row.entry.partition(':')[0]}:all of {makers}", locator=locator)


def _group_key(product: Product) -> tuple[str, int, bool]:
    return (product.maker, product.year, _is_blade(product.configuration.server))


def _is_blade(server: Server) -> bool:
    return server.form == "blade"


def _nearest(groups: Sequence[_Group], year: int | None) -> list[_Group]:
    """Return the groups of the year of assessment that is nearest, of both where two are; all where no year is known."""
    if year is None:
        return list(groups)
    distance = min(abs(group.year - year) for group in groups)
    return [group for group in groups if abs(group.year - year) == distance]


def _pooled_reach(groups: Iterable[_Group]) -> float:
    """Return the reach of one more figure by the scatter within groups, over all of them."""
    several = [group for group in groups if len(group.logs) > 1]
    freedom = sum(len(group.logs) - 1 for group in several)
    squares = sum((x - group.level) ** 2 for group in several for x in group.logs)
    return t95(freedom) * sqrt(squares / freedom) if freedom else log(_BETWEEN_LEVELS)


def _deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of a sample of at least two."""
    middle = fmean(values)
    return sqrt(sum((x - middle) ** 2 for x in values) / (len(values) - 1))


def _listed(product: Product) -> str:
    """Return a published configuration in words."""
    return ", ".join(
        f"{part.count} {part.kind}" + (f" of {part.capacity_gb:g} GB" if part.capacity_gb else "")
        for part in product.configuration.parts or ()
    )


def _counted(groups: Iterable[_Group]) -> str:
    return ", ".join(
        f"{len(group.logs)} {'blades' if group.blade else 'servers'} of {group.maker} assessed in {group.year}"
        for group in groups
    )


def t95(freedom: int) -> float:
    """Return Student's t of nine in ten, 5 % at either end, by its degrees of freedom."""
    return _T95[min(max(freedom, 1), len(_T95)) - 1]
