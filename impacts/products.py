# SPDX-License-Identifier: Apache-2.0
"""Published products: servers whose makers publish a footprint, with the configuration that it was worked out for."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from impacts.parts import Inventory, Part, Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

    from impacts.factors import Factor

_MAKERS = {
    "dell": "dell",
    "dell emc": "dell",
    "dell technologies": "dell",
    "hp": "hpe",
    "hpe": "hpe",
    "hewlett packard": "hpe",
    "hewlett packard enterprise": "hpe",
    "lenovo": "lenovo",
    "ibm": "ibm",
    "apple": "apple",
    "asustek computer": "asustek",
    "asus": "asustek",
    "super micro computer": "supermicro",
    "supermicro": "supermicro",
}
_COMPANY_FORMS = re.compile(r"[-.,®]|\b(?:inc|corp|corporation|co|company|ltd|limited|gmbh|ag)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Product:
    """A server or computer model, its published footprint and the configuration behind it, as far as it is stated."""

    footprint: Factor
    configuration: Inventory  # `server.acquired` is the day of the assessment; without parts where no sheet states them

    @property
    def maker(self) -> str:
        """The manufacturer, as `maker` spells it."""
        return maker(self.configuration.server.manufacturer)

    @property
    def year(self) -> int:
        """When it was assessed: the makers' method changes over the years."""
        assessed = self.configuration.server.acquired
        assert assessed is not None  # noqa: S101 - the datasets' loader sets it
        return assessed.year


def maker(manufacturer: str | None) -> str:
    """Return a manufacturer's name whatever its spelling: `dell` for `Dell Inc.`; empty where it is not known."""
    name = " ".join(_COMPANY_FORMS.sub(" ", manufacturer or "").casefold().split())
    return _MAKERS.get(name, name)


def published_product(server: Server, products: Iterable[Product]) -> Product | None:
    """Return the product that the server is, by its maker and its model; another model never matches.

    The name of the product line may be left out: `R740` is Dell's PowerEdge R740.
    """
    of_maker, model = maker(server.manufacturer), _model(server.model)
    if not of_maker or not model:
        return None
    for product in products:
        named = _model(product.configuration.server.model)
        if product.maker == of_maker and model in {named, named.partition(" ")[2]}:
            return product
    return None


def _model(name: str | None) -> str:
    return " ".join((name or "").casefold().replace("-", " ").split())


_MODULE_GB = 16  # the commonest module of the years of these footprints, which state the sum of the memory alone


def read_products(folder: Traversable, factors: Iterable[Factor]) -> tuple[Product, ...]:
    """Return the products of a dataset whose `configurations.csv` says what each footprint was worked out for.

    Raises:
        KeyError: a configuration without a footprint.
    """
    footprints = {factor.citation.entry: factor for factor in factors if factor.citation.dataset == folder.name}
    rows = csv.DictReader((folder / "configurations.csv").read_text(encoding="utf-8").splitlines())
    return tuple(Product(footprints[row["entry"]], _configuration(row)) for row in rows)


def _configuration(row: dict[str, str]) -> Inventory:
    server = Server(row["manufacturer"], row["model"], row["form"], acquired=date.fromisoformat(row["assessed"]))
    return Inventory(server, tuple(_parts(row)) if row["cpus"] else None)


def _parts(row: dict[str, str]) -> Iterator[Part]:
    yield Part("cpu", int(row["cpus"]))
    memory_gb = float(row["memory_gb"])
    modules = math.ceil(memory_gb / _MODULE_GB)
    yield Part("memory", modules, capacity_gb=memory_gb / modules)
    for kind in ("ssd", "hdd"):
        drives, together_gb = int(row[f"{kind}s"]), row[f"{kind}_total_gb"]
        if drives:
            yield Part(kind, drives, capacity_gb=float(together_gb) / drives if together_gb else None)
    if int(row["psus"]):
        yield Part("psu", int(row["psus"]), assumed=True)
