# SPDX-License-Identifier: Apache-2.0
"""What is known of a processor's RAPL counters: how near they come, in which unit memory is counted, and what is no counter.

The kernel multiplies a counter by a unit: the processor's own, or for memory one of 15.3 µJ that servers from Haswell-EP to
Ice Lake-SP have (Intel: Xeon E5-1600 and E5-2600 v3 datasheet, volume 2, section 5.3.3). Some kernels take the wrong one of
the two; a counter's range, which is 2^32 units, shows which one was taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from impacts.values.estimates import Citation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.sources.rapl_zones import Zone

_AMD = frozenset({"AuthenticAMD", "HygonGenuine"})  # Hygon builds Zen 1
_INTEL = "GenuineIntel"
_INTEL_FAMILY = 6

# Intel's model numbers. Sandy and Ivy Bridge, servers and others, estimate; Haswell and later measure.
_ESTIMATING = frozenset({42, 45, 58, 62})
_FIXED_DRAM_UNIT = frozenset({63, 79, 85, 86, 87, 106, 108, 133})  # Haswell-X to Ice Lake-D, Xeon D-1500, Xeon Phi
_OWN_DRAM_UNIT = frozenset({143, 207})  # Sapphire and Emerald Rapids
_NO_DRAM_COUNTER = frozenset({173, 174})  # Granite Rapids

_FIXED_RANGE_MICROJOULES = 65_712_999_613  # 2^32 of 15.3 µJ, as the kernel rounds it
_SAME_RATIO = 0.01  # ranges of one unit are rounded apart by less; those of the two units differ by four

# Linux commits 4c081324df56 (Sapphire Rapids, in 6.1 and what took it over) and, for the Xeon D-1500, "powercap: intel_rapl: Fix
# BROADWELL_D Dram energy unit" (2024).
UNIT_CORRECTED = Citation(
    "source rapl: the kernel takes the wrong energy unit for memory on this processor, as the counter's range shows; corrected",
    locator="Linux, drivers/powercap/intel_rapl_common.c, dram_domain_energy_unit",
)


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor as /proc/cpuinfo names it."""

    vendor: str
    family: int
    model: int

    @classmethod
    def of(cls, cpuinfo: str) -> Processor:
        """Return the first processor of /proc/cpuinfo; -1 stands for a number that it does not have."""
        vendor = re.search(r"^vendor_id\s*: (\S+)$", cpuinfo, re.MULTILINE)
        family, model = (re.search(rf"^{name}\s*: (\d+)$", cpuinfo, re.MULTILINE) for name in ("cpu family", "model"))
        return cls(vendor[1] if vendor else "", *(int(found[1]) if found else -1 for found in (family, model)))

    @property
    def is_amd(self) -> bool:
        """Whether it is AMD's, or Hygon's after AMD's design."""
        return self.vendor in _AMD

    @property
    def has_rapl(self) -> bool:
        """Whether its vendor builds the counters in."""
        return self.is_amd or self.vendor == _INTEL

    @property
    def has_dram_counter(self) -> bool:
        """Whether what its kernel shows for memory is a counter of it."""
        return not self._is_intel(_NO_DRAM_COUNTER)

    def accuracy_of(self, domain: str) -> str:
        """Return the name of the accuracy of a domain's counters: that of `NAME_accuracy` in the datasets."""
        if self.is_amd:
            return "rapl_amd"
        if self.vendor != _INTEL:
            return "rapl"
        if self._is_intel(_ESTIMATING):
            return "rapl_intel_estimated"
        return f"rapl_intel_{domain}" if domain in {"dram", "psys"} else "rapl_intel_package"

    def correction(self, zone: Zone, zones: Sequence[Zone]) -> Fraction:
        """Return what a zone's counter has to be multiplied by, because the kernel takes the wrong unit for it; else 1."""
        own = next((one.wraps_after_microjoules() for one in zones if one.domain == "package"), None)
        if zone.domain != "dram" or own is None:
            return Fraction(1)
        shown = zone.wraps_after_microjoules()
        if self._is_intel(_OWN_DRAM_UNIT) and _is_near(shown, _FIXED_RANGE_MICROJOULES):
            return Fraction(own, shown)
        if self._is_intel(_FIXED_DRAM_UNIT) and _is_near(shown, own):
            return Fraction(_FIXED_RANGE_MICROJOULES, shown)
        return Fraction(1)

    def _is_intel(self, models: frozenset[int]) -> bool:
        return (self.vendor, self.family) == (_INTEL, _INTEL_FAMILY) and self.model in models


def _is_near(one: int, other: int) -> bool:
    return abs(one - other) <= _SAME_RATIO * other
