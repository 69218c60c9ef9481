# SPDX-License-Identifier: Apache-2.0
"""What the kernel lets the CPUs do: run above their base clock, and switch idle cores off.

https://docs.kernel.org/admin-guide/pm/intel_pstate.html, cpufreq.html (the boost file) and cpuidle.html.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.host import Host
    from impacts.parts import Part

_CPUS = "/sys/devices/system/cpu"
_NO_TURBO, _BOOST = f"{_CPUS}/intel_pstate/no_turbo", f"{_CPUS}/cpufreq/boost"
_HIGHEST, _BASE = (f"{_CPUS}/cpu0/cpufreq/{name}" for name in ("scaling_max_freq", "base_frequency"))
_IDLE_STATES = f"{_CPUS}/cpu0/cpuidle"

READS = (
    *(path.lstrip("/") for path in (_NO_TURBO, _BOOST, _HIGHEST, _BASE)),
    *(f"{_IDLE_STATES.lstrip('/')}/state*/{name}" for name in ("latency", "disable")),
)

# A core that is only halted wakes within some microseconds, one that was switched off within some tens or hundreds.
_DEEP_MICROSECONDS = 30


def with_limits(host: Host, cpus: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the CPUs with what the kernel lets them do, as far as it shows it."""
    boost, deep_idle = _boost(host), _deep_idle(host)
    return tuple(replace(part, boost=boost, deep_idle=deep_idle) for part in cpus)


def _boost(host: Host) -> bool | None:
    """Whether they may run above the base clock: it is not switched off, and no lower limit is set."""
    highest, base = _number(host, _HIGHEST), _number(host, _BASE)
    if highest and base and highest <= base:
        return False
    no_turbo, boost = _number(host, _NO_TURBO), _number(host, _BOOST)
    if no_turbo is not None:
        return no_turbo == 0
    return None if boost is None else boost != 0


def _deep_idle(host: Host) -> bool | None:
    """Whether an idle state that switches cores off is there and not switched off itself; None where none is shown."""
    states = sorted(host.path(_IDLE_STATES).glob("state*"))
    if not states:
        return None
    return any(_is_deep(host, f"{_IDLE_STATES}/{state.name}") for state in states)


def _is_deep(host: Host, state: str) -> bool:
    latency = _number(host, f"{state}/latency")
    return latency is not None and latency >= _DEEP_MICROSECONDS and not _number(host, f"{state}/disable")


def _number(host: Host, path: str) -> int | None:
    text = (host.read_text(path) or "").strip()
    return int(text) if text.isdecimal() else None
