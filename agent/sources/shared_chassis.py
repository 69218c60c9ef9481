# SPDX-License-Identifier: Apache-2.0
"""Meters of a chassis that several nodes share: what its power supplies draw is no one node's power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impacts.problems import Problem

if TYPE_CHECKING:
    from agent.machine import Machine

ALONE = "if this machine has its chassis to itself, set `form: rack` under `server` in the inventory file"


def is_node(machine: Machine) -> bool:
    """Whether the machine is a blade, or one of several nodes in a chassis, whose power supplies belong to the chassis."""
    return machine.inventory.server.form == "blade"


def perhaps_shared(source: str, what: str) -> Problem:
    """Return the problem of a meter that is read although it may show more than this host."""
    remedy = f"compare it with a meter at the plug; `sources: {{{source}: {{enabled: false}}}}` leaves it out; {ALONE}"
    return Problem(source, "perhaps_shared", what, remedy)
