# SPDX-License-Identifier: Apache-2.0
"""Graphics and accelerator cards on the PCI bus. They are seen, not yet told apart: a problem says so.

Class codes: PCI Code and ID Assignment Specification; vendor 10de is NVIDIA's, whose cards may be plain VGA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from agent.host import Host

_DEVICES = "/sys/bus/pci/devices"
READS = ("sys/bus/pci/devices/*/class", "sys/bus/pci/devices/*/vendor")

_ACCELERATORS = ("0x0302", "0x1200")  # 3D controller, processing accelerator
_VGA = "0x0300"  # also the BMC's little console chip
_NVIDIA = "0x10de"


def unlisted_gpus(host: Host) -> tuple[Problem, ...]:
    """Return a problem if there are cards that the detected parts leave out."""
    try:
        cards = sum(map(_is_card, host.path(_DEVICES).iterdir()))
    except OSError:
        return ()
    if not cards:
        return ()
    return (
        Problem(
            "inventory",
            "gpus_unlisted",
            f"graphics and accelerator cards are in no figure, for their models are not detected; cards seen: {cards}",
            "name them as parts of kind gpu in an inventory file",
        ),
    )


def _is_card(device: Path) -> bool:
    code = _text(device / "class")
    return code.startswith(_ACCELERATORS) or (code.startswith(_VGA) and _text(device / "vendor") == _NVIDIA)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
