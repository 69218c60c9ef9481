# SPDX-License-Identifier: Apache-2.0
"""Network cards by their names: speed classes of data/part-power.

A card's power hardly depends on its traffic; its ports, cables and optical modules are within the bounds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from impacts.part_power.rows import of_class

if TYPE_CHECKING:
    from impacts.factor_book import FactorBook
    from impacts.values.estimates import Estimate

# By product, the fastest that it is sold as. The first that is found in the name counts.
_PRODUCTS = tuple(
    (re.compile(names, re.IGNORECASE), speed)
    for names, speed in (
        (r"BlueField|Pensando|\bDSC-?\d", "dpu"),
        (r"ConnectX-?8|MT4131", "800G"),
        (r"ConnectX-?7|MT2910|BCM5760", "400G"),
        (r"BCM5741[67]|BCM5740[67]", "10G"),
        (r"ConnectX-?[46] ?Lx|MT2894|MT27710|XXV710|E810-XXV|E823|BCM574[01]\d|BCM57504|QL41", "25G"),
        (r"ConnectX-?6 ?Dx|MT2892|ConnectX-?[45]|MT278\d\d|MT27700|E810|E830|BCM57508|Omni-?Path|QL45|T62100", "100G"),
        (r"ConnectX-?6|MT28908", "200G"),
        (r"ConnectX-?3|MT275\d\d|XL710", "40G"),
        (r"ConnectX-?2|MT26\d{3}|X7(10|[12]2)|8259[89]|X5[2457]\d|BCM57[78]\d\d|AQC1|SFC9", "10G"),
        (r"I350|I21\d|I22[56]|825[78]\d|BCM57[12]\d|BCM57(09|16)", "1G"),
    )
)
# What else a name states, in Gbit/s: the fastest counts.
_CLASSES = {800: "800G", 400: "400G", 200: "200G", 100: "100G", 50: "25G", 40: "40G", 25: "25G", 10: "10G", 1: "1G"}
_STATED = re.compile(r"\b(\d{1,3}) ?-?(?:G|Gb|Gbps|Gbit|GbE|GBASE\w*|Gigabit)\b", re.IGNORECASE)
_GIGABIT = re.compile(r"\bGigabit\b", re.IGNORECASE)


def nic_power(book: FactorBook, model: str | None) -> Estimate:
    """Return the power of one network card, W; a card whose name states no speed may be any."""
    return of_class(book, "nic_power", _speed(model or ""))


def _speed(model: str) -> str | None:
    product = next((speed for names, speed in _PRODUCTS if names.search(model)), None)
    if product:
        return product
    stated = {int(number) for number in _STATED.findall(model)} | ({1} if _GIGABIT.search(model) else set())
    return next((speed for gbits, speed in _CLASSES.items() if gbits in stated), None)
