# SPDX-License-Identifier: Apache-2.0
"""Names of cards and drives: from what drivers, firmware and pci.ids print to what datasets call the product."""

from __future__ import annotations

import re

_NOISE = re.compile(
    r"\b(?:nvidia|amd|advanced micro devices|intel|habana|corporation|seagate)\b|\(r\)|\[|\]", re.IGNORECASE
)


def product_name(model_name: str) -> str:
    """Return a card's or drive's name without its maker and with blanks for dashes.

    >>> product_name("NVIDIA A100-SXM4-40GB")
    'A100 SXM4 40GB'
    """
    return " ".join(_NOISE.sub(" ", model_name).replace("-", " ").split())
