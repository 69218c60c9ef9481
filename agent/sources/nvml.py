# SPDX-License-Identifier: Apache-2.0
"""The few calls of NVML that report a card's energy, made in the driver's own library by ctypes.

https://docs.nvidia.com/deploy/nvml-api/. Why no Python binding is used: docs/adr/0010-nvml-by-ctypes.md. A call releases
the interpreter's lock, so one that hangs in the driver holds up its own thread only.
"""

from __future__ import annotations

import ctypes
from enum import IntEnum

LIBRARY = "libnvidia-ml.so.1"


class Code(IntEnum):
    """The return codes that are distinguished (nvmlReturn_t)."""

    UNINITIALIZED = 1
    NOT_SUPPORTED = 3
    NO_PERMISSION = 4
    DRIVER_NOT_LOADED = 9
    TIMEOUT = 10
    FUNCTION_NOT_FOUND = 13
    GPU_IS_LOST = 15
    RESET_REQUIRED = 16
    OPERATING_SYSTEM = 17  # the control device is blocked by cgroups
    LIB_RM_VERSION_MISMATCH = 18
    GPU_NOT_FOUND = 28


class NvmlError(Exception):
    """A call answered with another code than success."""

    def __init__(self, call: str, code: int) -> None:
        word = Code(code).name.replace("_", " ").lower() if code in set(Code) else "error"
        super().__init__(f"{call} answers {word} ({code})")
        self.code = code


class _PciInfo(ctypes.Structure):
    """nvmlPciInfo_t as the third version of its call fills it."""

    _fields_ = (
        ("bus_id_legacy", ctypes.c_char * 16),
        ("domain", ctypes.c_uint),
        ("bus", ctypes.c_uint),
        ("device", ctypes.c_uint),
        ("pci_device_id", ctypes.c_uint),
        ("pci_subsystem_id", ctypes.c_uint),
        ("bus_id", ctypes.c_char * 32),
    )


class Nvml:
    """The library, loaded; OSError when it is not there. Every call but these two needs `start` before it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(LIBRARY)

    def start(self) -> None:
        """Connect to the driver; cards are only reached by `card`, so a bad one does not fail this."""
        self._call("nvmlInit_v2")

    def stop(self) -> None:
        """Disconnect from the driver and all cards."""
        self._call("nvmlShutdown")

    def card_count(self) -> int:
        """Return how many cards there are; MIG instances are none of them."""
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        return count.value

    def card(self, index: int) -> ctypes.c_void_p:
        """Return the handle of a card; one that is lost or not permitted raises here."""
        handle = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle))
        return handle

    def slot(self, card: ctypes.c_void_p) -> str:
        """Return the card's PCI address as the kernel writes it: 0000:3b:00.0."""
        info = _PciInfo()
        self._call("nvmlDeviceGetPciInfo_v3", card, ctypes.byref(info))
        return f"{info.domain:04x}:{info.bus:02x}:{info.device:02x}.0"

    def energy_millijoules(self, card: ctypes.c_void_p) -> int:
        """Return the card's energy since the driver was loaded (Volta and newer)."""
        millijoules = ctypes.c_ulonglong()
        self._call("nvmlDeviceGetTotalEnergyConsumption", card, ctypes.byref(millijoules))
        return millijoules.value

    def power_milliwatts(self, card: ctypes.c_void_p) -> int:
        """Return the card's power: the mean of the last second, or of the moment on GA100 and before Ampere."""
        return self._number("nvmlDeviceGetPowerUsage", card)

    def power_limit_milliwatts(self, card: ctypes.c_void_p) -> int:
        """Return the power that the card is held below."""
        return self._number("nvmlDeviceGetEnforcedPowerLimit", card)

    def is_mig_on(self, card: ctypes.c_void_p) -> bool:
        """Whether the card is parted into instances."""
        current, pending = ctypes.c_uint(), ctypes.c_uint()
        self._call("nvmlDeviceGetMigMode", card, ctypes.byref(current), ctypes.byref(pending))
        return current.value == 1

    def _number(self, call: str, card: ctypes.c_void_p) -> int:
        number = ctypes.c_uint()
        self._call(call, card, ctypes.byref(number))
        return number.value

    def _call(self, call: str, *arguments: object) -> None:
        function = getattr(self._library, call, None)  # an old driver's library lacks the newer calls
        code = Code.FUNCTION_NOT_FOUND if function is None else function(*arguments)
        if code:
            raise NvmlError(call, code)
