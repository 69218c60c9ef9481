# SPDX-License-Identifier: Apache-2.0
"""Graphics cards and accelerators, named by their drivers: which PCI devices they are, and their models.

Class codes: PCI Code and ID Assignment Specification.
https://docs.kernel.org/gpu/amdgpu/driver-misc.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.inventory.pci import DEVICES

if TYPE_CHECKING:
    from agent.host import Host
    from agent.inventory.pci import Card, Function

_NVIDIA_GPUS = "/proc/driver/nvidia/gpus"
NVIDIA_INFORMATION = "proc/driver/nvidia/gpus/*/information"
READS = (
    NVIDIA_INFORMATION,
    "sys/bus/pci/devices/*/product_name",
    "sys/bus/pci/devices/*/mem_info_vram_total",
)

_DISPLAY = "03"
_ACCELERATORS = ("0302", "1200")  # 3D controller, processing accelerator
_NVIDIA, _AMD, _AMD_PROCESSOR, _INTEL = "10de", "1002", "1022", "8086"
# A management processor's console, and a processor with its accelerator in one package (MI300A).
_NO_CARD = frozenset({(_AMD, "4752"), (_AMD, "515e"), (_AMD, "5159"), (_AMD, "74a0")})


def gpu_of(card: Card, *, virtual: bool) -> Function | None:
    """Return the function that makes the device a GPU or accelerator; None if it is none, or a part of something else."""
    if any(function.vendor == _AMD_PROCESSOR for function in card.functions):
        return None  # graphics beside the processor's own functions are in the processor
    return next((function for function in card.functions if _is_gpu(function, card, virtual=virtual)), None)


def _is_gpu(function: Function, card: Card, *, virtual: bool) -> bool:
    if (function.vendor, function.device) in _NO_CARD:
        return False
    is_display = function.class_code.startswith(_DISPLAY)
    if function.vendor == _NVIDIA and is_display:
        return True  # modules of SXM boards may be labelled as if they were soldered on
    # What is passed through to a guest may lie on its root bus, and is a card nevertheless.
    is_card = not card.on_board or (virtual and function.vendor == _AMD)
    return is_card and (function.class_code in _ACCELERATORS or (is_display and function.vendor in {_AMD, _INTEL}))


def driver_name(host: Host, function: Function) -> str | None:
    """Return the model as the card's driver reports it."""
    if function.vendor == _AMD:
        return host.read_text(f"{DEVICES}/{function.address}/product_name") or None
    information = host.read_text(f"{_NVIDIA_GPUS}/{function.address}/information") or ""
    fields = dict(line.partition(":")[::2] for line in information.splitlines())
    model = fields.get("Model", "").strip()
    return None if model in {"", "Unknown"} else model


def memory_gb(host: Host, function: Function) -> float | None:
    """Return the card's memory in GiB, as its driver reports it; NVIDIA's reports it with the model."""
    size = host.read_text(f"{DEVICES}/{function.address}/mem_info_vram_total") or ""
    return float(round(int(size) / 1024**3)) or None if size.isdecimal() else None


def only_the_model(information: bytes) -> bytes:
    """Return what a recording may hold of NVIDIA's file, which also identifies the card."""
    return b"".join(line for line in information.splitlines(keepends=True) if line.startswith(b"Model:"))
