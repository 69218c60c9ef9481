# SPDX-License-Identifier: Apache-2.0
"""The fixed part of a computer that is no server: what its kind is published at, less the parts such a computer has.

The sheets of laptops and desktops do not state what was in them: common parts of the kind are taken off. What scatters is
the level of each manufacturer and its products about that level. A manufacturer's level is drawn towards that of all by as
much as its few sheets leave open (partial pooling), so that one that publishes nothing is the same formula without sheets.
Bounds are prediction intervals of nine in ten for one more sheet, Student's t on logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import exp, log, sqrt
from statistics import fmean
from typing import TYPE_CHECKING

from impacts.embodied.fixed_part import FixedPart, cited, t95
from impacts.values.estimates import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from impacts.products import Product

_FEWEST_MAKERS = 2
_BETWEEN_KINDS = 2.5  # from one kind to the next, as a factor: judgement on the levels of those that are published
_NEXT_OF_KIND = {"embedded": "mini_pc", "desktop": "mini_pc"}  # of all others: desktop
_LEAST_SHARE = 0.3  # of a sheet that is its case, board and screen, where its parts would leave less


@dataclass(frozen=True, slots=True)
class _Level:
    """The fixed parts of one kind of computer by one manufacturer, as logarithms of kg."""

    form: str
    maker: str
    logs: tuple[float, ...]

    @property
    def squares(self) -> float:
        middle = fmean(self.logs)
        return sum((x - middle) ** 2 for x in self.logs)


class ComputerLevels:
    """What the published footprints say of computers that are no servers.

    `manufacture_of` gives a sheet's manufacture and `parts_of` that of the common parts of its kind, both in kgCO2e.
    """

    def __init__(
        self,
        products: Sequence[Product],
        manufacture_of: Callable[[Product], float],
        parts_of: Callable[[Product], float],
    ) -> None:
        self._kg = {p: max((whole := manufacture_of(p)) - parts_of(p), _LEAST_SHARE * whole) for p in products}
        ordered = sorted(products, key=_form_and_maker)
        self._levels = tuple(
            _Level(*key, tuple(log(self._kg[product]) for product in of_key))
            for key, of_key in groupby(ordered, key=_form_and_maker)
        )
        self._products = products
        self._within, self._within_freedom = self._scatter_within()
        self._between, self._between_freedom = self._scatter_between()

    def of_product(self, product: Product) -> FixedPart:
        """Return the fixed part of a published computer; another assessment scatters as its manufacturer's products do."""
        kg, reach = self._kg[product], t95(self._within_freedom) * sqrt(self._within)
        value = Estimate(kg / exp(reach), kg, kg * exp(reach), "kgCO2e/unit", (product.footprint.citation,))
        note = "published for the product, less common parts of its kind: its sheet does not state what was in it"
        return FixedPart(value, "published_product", note)

    def of(self, form: str, maker: str) -> FixedPart | None:
        """Return the level of a kind of computer, of its manufacturer as far as that publishes; None without any sheet."""
        levels = [level for level in self._levels if level.form == form]
        own = next((level for level in levels if level.maker == maker), None)
        if own is not None:
            return self._makers_level(own, fmean(fmean(level.logs) for level in levels), len(levels))
        # One manufacturer is no kind: the next of kind counts as a second, and alone where nobody publishes this one.
        others = [level for level in self._levels if level.form == _NEXT_OF_KIND.get(form, "desktop")]
        if not levels and not others:
            return None
        means = [fmean(level.logs) for level in levels]
        if len(levels) < _FEWEST_MAKERS and others:
            means.append(fmean(fmean(level.logs) for level in others))
        of_another_kind = 0.0 if levels else log(_BETWEEN_KINDS) ** 2
        variance = self._within + self._between * (1 + 1 / len(means)) + of_another_kind
        reach = t95(self._between_freedom) * sqrt(variance)
        forms = {level.form for level in levels or others}
        return self._fixed_part("pooled_level", fmean(means), reach, [p for p in self._products if _form(p) in forms])

    def _makers_level(self, own: _Level, middle: float, makers: int) -> FixedPart:
        """Return a manufacturer's level, drawn towards the middle of all by what its sheets leave open."""
        weight = self._between / (self._between + self._within / len(own.logs))
        centre = middle + weight * (fmean(own.logs) - middle)
        reach = t95(self._within_freedom) * sqrt(self._within + (1 - weight) * self._between * (1 + 1 / makers))
        rows = [p for p in self._products if _form_and_maker(p) == (own.form, own.maker)]
        return self._fixed_part("manufacturer_level", centre, reach, rows)

    @staticmethod
    def _fixed_part(method: str, centre: float, reach: float, rows: Sequence[Product]) -> FixedPart:
        value = Estimate(exp(centre - reach), exp(centre), exp(centre + reach), "kgCO2e/unit", (cited(rows),))
        kinds = ", ".join(sorted({_form(row) for row in rows}))
        return FixedPart(
            value, method, f"level of {len(rows)} published computers ({kinds}), less common parts of the kind"
        )

    def _scatter_within(self) -> tuple[float, int]:
        """Return the variance of sheets about their manufacturer's level, and its degrees of freedom."""
        freedom = sum(len(level.logs) - 1 for level in self._levels)
        return (sum(level.squares for level in self._levels) / freedom if freedom else log(2) ** 2), freedom

    def _scatter_between(self) -> tuple[float, int]:
        """Return the variance of manufacturers about the level of a kind, over all kinds, and its degrees of freedom."""
        squares, freedom = 0.0, 0
        for _, of_form in groupby(self._levels, key=lambda level: level.form):
            levels = list(of_form)
            means = [fmean(level.logs) for level in levels]
            middle = fmean(means)
            by_chance = fmean(self._within / len(level.logs) for level in levels)
            squares += sum((mean - middle) ** 2 for mean in means) - (len(means) - 1) * by_chance
            freedom += len(means) - 1
        return (max(squares / freedom, 0.02) if freedom else log(2) ** 2), freedom


def _form(product: Product) -> str:
    return product.configuration.server.form or ""


def _form_and_maker(product: Product) -> tuple[str, str]:
    return _form(product), product.maker
