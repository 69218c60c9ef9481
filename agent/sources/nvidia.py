# SPDX-License-Identifier: Apache-2.0
"""NVIDIA cards by NVML: their energy counters, or their power where a card (before Volta) does not count.

https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceQueries.html. A card is one channel, named by its PCI slot;
MIG instances have no energy of their own. NVML stays connected, as it does for nvidia-persistenced and DCGM: before a
card is reset or the driver unloaded, the agent has to be stopped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.clock import SystemClock
from agent.errors import ReadFailed, SourceAbsent, SourceError, SourceGone
from agent.readings import Boundary, Channel, CounterReading, Method, PowerReading
from agent.sources.nvidia_absence import denied, no_driver, no_library
from agent.sources.nvml import Code, Nvml, NvmlError
from agent.sources.settings import pace_settings
from agent.sources.source import Pace, SourceEntry

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Sequence

    from agent.host import Host
    from agent.machine import Machine
    from agent.readings import Reading
    from impacts.values.estimates import Estimate

NAME = "nvidia"
READS: tuple[str, ...] = ()  # the cards answer through a library: there is no file to record

# Counters lose nothing between reads. A call takes a millisecond or, on a bad day, for ever.
PACE = Pace(interval_seconds=1.0, deadline_seconds=5.0)

# A card comes back only to a library that is started anew, which may wake and delay the other cards.
LOOK_AGAIN_SECONDS = 300.0

# Above any card's limit, for the limit may be raised at any time: cards of 2025 draw 1200 W.
_PLAUSIBLE_WATTS = 2000.0
_MOST_MICROJOULES = 2**63 - 1  # what a history can hold: 290 years at 1 kW

_UNSUPPORTED = frozenset({Code.NOT_SUPPORTED, Code.FUNCTION_NOT_FOUND})
_DRIVER_GONE = frozenset({Code.UNINITIALIZED, Code.DRIVER_NOT_LOADED})
_REASONS: dict[int, str] = {
    Code.GPU_IS_LOST: "gpu_lost",
    Code.GPU_NOT_FOUND: "gpu_lost",
    Code.RESET_REQUIRED: "gpu_reset_required",
    Code.TIMEOUT: "timeout",
    Code.NO_PERMISSION: "denied",
}
_FAILED_REMEDY = (
    "see dmesg for the driver's Xid messages; stop the agent and reset the card with nvidia-smi --gpu-reset, or reboot"
)


@dataclass(slots=True)
class _Card:
    """A card that has been seen, and how to reach it."""

    channel: Channel
    handle: ctypes.c_void_p | None  # None: it was not there when the cards were last looked for
    generation: int = 0  # how often it was lost: its counter may begin anew
    is_failing: bool = False


class NvidiaSource:
    """The cards of a started NVML. One that fails takes nothing from the others and is looked for every five minutes."""

    def __init__(self, host: Host, nvml: Nvml, accuracy: Estimate) -> None:
        self.channels: tuple[Channel, ...] = ()
        self.notes: tuple[str, ...] = ()
        self._host = host
        self._nvml = nvml
        self._accuracy = accuracy
        self._cards: dict[str, _Card] = {}
        self._look_again_at = math.inf
        self.unreached: list[tuple[str, str]] = []  # of cards whose slot is unknown: the failure and its slug
        self._epoch = ""
        try:
            self._find_cards()
        except NvmlError:
            self.close()
            raise

    def read(self) -> Sequence[Reading]:
        """Return every card's counter or power; raise `ReadFailed` with those that answered when one does not."""
        now = self._host.clock.monotonic_seconds()
        if now >= self._look_again_at:
            self._look_again()
        failures = list(self.unreached)
        readings = [reading for card in self._cards.values() if (reading := self._reading_or_not(card, failures))]
        if not failures:
            self._look_again_at = math.inf
            return readings
        if self._look_again_at == math.inf:
            self._look_again_at = now + LOOK_AGAIN_SECONDS
        what, reason = failures[0]
        raise ReadFailed(what, reason=reason, readings=readings, remedy=_FAILED_REMEDY)

    def close(self) -> None:
        """Disconnect from the driver."""
        try:
            self._nvml.stop()
        except NvmlError:
            return  # it is not connected any more: that is what was wanted

    def _reading_or_not(self, card: _Card, failures: list[tuple[str, str]]) -> Reading | None:
        try:
            reading = self._reading(card)
        except (NvmlError, _Garbage) as error:
            if isinstance(error, NvmlError) and error.code in _DRIVER_GONE:
                raise SourceGone(f"the driver went away: {error}") from error
            card.is_failing = True
            failures.append((f"{card.channel.name}: {error}", _reason(error)))
            return None
        card.is_failing = False
        return reading

    def _reading(self, card: _Card) -> Reading:
        if card.handle is None:
            raise NvmlError("nvmlDeviceGetHandleByIndex_v2", Code.GPU_NOT_FOUND)
        epoch = f"{self._epoch}#{card.generation}" if card.generation else self._epoch
        at = self._host.clock.monotonic_seconds()
        if card.channel.method is Method.INTEGRATED:
            watts = self._nvml.power_milliwatts(card.handle) / 1000
            if watts > card.channel.plausible_watts:
                raise _Garbage(f"reports {watts:.0f} W, which is no card's power")
            return PowerReading(card.channel, at, watts, epoch=epoch)
        microjoules = self._nvml.energy_millijoules(card.handle) * 1000
        if microjoules > _MOST_MICROJOULES:
            raise _Garbage(f"reports {microjoules // 1000} mJ, which is no card's energy")
        return CounterReading(card.channel, at, microjoules, epoch=epoch)

    def _look_again(self) -> None:
        """Start the library anew, for that is how a lost card comes back."""
        self._look_again_at = math.inf
        self.close()
        try:
            self._nvml.start()
            self._find_cards()
        except NvmlError as error:
            raise SourceGone(f"NVML cannot be started anew: {error}") from error

    def _find_cards(self) -> None:
        """Take the cards that are there. Known ones keep their channel even if they are not."""
        self._epoch = _epoch(self._host)
        self.unreached = []
        notes: list[str] = []
        for card in self._cards.values():
            card.handle = None
        for index in range(self._nvml.card_count()):
            try:
                self._take(self._nvml.card(index), notes)
            except NvmlError as error:
                if error.code == Code.NO_PERMISSION:
                    notes.append(f"card {index} may not be used by this process: left out")
                else:
                    self.unreached.append((f"card {index}: {error}", _reason(error)))
        self.channels = tuple(card.channel for card in self._cards.values())
        self.notes = tuple(notes)

    def _take(self, handle: ctypes.c_void_p, notes: list[str]) -> None:
        name = f"gpu-{self._nvml.slot(handle)}"
        method = self._method(handle)
        if method is None:
            notes.append(f"{name} reports neither energy nor power: left out")
            return
        if method is Method.INTEGRATED:
            notes.append(f"{name} has no energy counter: its power is integrated")
        if self._is_mig_on(handle):
            notes.append(f"{name} is parted by MIG: its energy is that of all instances together")
        known = self._cards.get(name)
        generation = known.generation + known.is_failing if known else 0
        self._cards[name] = _Card(self._channel(name, method, handle), handle, generation)

    def _method(self, handle: ctypes.c_void_p) -> Method | None:
        """Return the better method that a card supports; None if it reports neither energy nor power."""
        for method, call in (
            (Method.COUNTED, self._nvml.energy_millijoules),
            (Method.INTEGRATED, self._nvml.power_milliwatts),
        ):
            try:
                call(handle)
            except NvmlError as error:
                if error.code not in _UNSUPPORTED:
                    raise
            else:
                return method
        return None

    def _is_mig_on(self, handle: ctypes.c_void_p) -> bool:
        try:
            return self._nvml.is_mig_on(handle)
        except NvmlError:
            return False  # before Ampere there is no MIG

    def _channel(self, name: str, method: Method, handle: ctypes.c_void_p) -> Channel:
        try:
            limit_watts = self._nvml.power_limit_milliwatts(handle) / 1000
        except NvmlError:
            limit_watts = 0.0  # not every card has one
        return Channel(
            source=NAME,
            name=name,
            component="gpu",
            boundary=Boundary.COMPONENT,
            method=method,
            plausible_watts=max(_PLAUSIBLE_WATTS, 2 * limit_watts),
            accuracy=self._accuracy,
        )


class _Garbage(Exception):
    """A value that no card can mean."""


def open_source(machine: Machine) -> NvidiaSource:
    """Start NVML and find the cards; raise SourceAbsent or SourceDenied with the remedy."""
    host = machine.host
    if not isinstance(host.clock, SystemClock):
        raise SourceAbsent("a recorded machine has no NVML: its cards were not recorded")
    try:
        nvml = Nvml()
    except OSError as error:
        raise no_library(host, error) from error
    accuracy = machine.accuracy("nvml")
    try:
        nvml.start()
        source = NvidiaSource(host, nvml, accuracy)
    except NvmlError as error:
        raise _not_started(host, error) from error
    if not source.channels:
        source.close()
        raise _without_cards(source)
    return source


def _without_cards(source: NvidiaSource) -> SourceError:
    if not source.unreached:
        return SourceAbsent("; ".join(source.notes) or "NVML knows no card")
    what, reason = source.unreached[0]
    return ReadFailed(what, reason=reason, remedy=_FAILED_REMEDY)


def _not_started(host: Host, error: NvmlError) -> SourceError:
    if error.code in {Code.NO_PERMISSION, Code.OPERATING_SYSTEM}:
        return denied(host, error)
    if error.code == Code.DRIVER_NOT_LOADED:
        return no_driver(host)
    if error.code == Code.LIB_RM_VERSION_MISMATCH:
        what = "the driver in the kernel is older or newer than its library: it was upgraded under way"
        return ReadFailed(what, reason="driver_mismatch", remedy="reboot, or unload the nvidia modules and load them")
    return ReadFailed(f"NVML does not start: {error}", reason="init_failed", remedy="see dmesg and nvidia-smi")


def _reason(error: Exception) -> str:
    return _REASONS.get(error.code, "nvml_error") if isinstance(error, NvmlError) else "garbage"


def _epoch(host: Host) -> str:
    """Return what changes when counters begin anew: the boot, and the driver's module, a new inode at each load."""
    try:
        return f"{host.boot_id()}#nvidia-{host.path('/sys/module/nvidia').stat().st_ino}"
    except OSError:
        return host.boot_id()


ENTRY = SourceEntry(
    NAME,
    open_source,
    READS,
    "energy of NVIDIA cards, counted by them",
    PACE,
    pace_settings(
        PACE, "Cards that count energy (Volta and newer) lose nothing between them.", least_interval_seconds=0.1
    ),
)
