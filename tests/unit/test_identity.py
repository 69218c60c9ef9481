# SPDX-License-Identifier: Apache-2.0
"""Who a history is of."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from clocks import START
from histories import open_history
from trees import write

from agent.history.entries import Entries
from agent.history.identity import Identity, identity_of
from agent.host import Host
from agent.ledger import EnergyLedger
from impacts.parts import Server

MACHINE_ID = "0123456789abcdef0123456789abcdef"
SERVER = Server(manufacturer="Dell Inc.", model="PowerEdge R640")


def identity(root, server=SERVER):
    return identity_of(Host(root), server)


def test_a_machine_is_known_by_a_hash_of_its_id_and_never_by_the_id(tmp_path):
    write(tmp_path, {"etc/machine-id": MACHINE_ID, "etc/hostname": "node-7"})
    known = identity(tmp_path)

    assert known == Identity(
        hashlib.sha256(b"wattprint history\n" + MACHINE_ID.encode()).hexdigest(),
        "node-7",
        "Dell Inc.",
        "PowerEdge R640",
    )
    assert known.machine != hashlib.sha256(MACHINE_ID.encode()).hexdigest()  # as anybody else might hash it


def test_what_is_not_known_is_empty_and_not_the_hash_of_nothing(tmp_path):
    assert identity(tmp_path, Server()) == Identity("", "", "", "")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"etc/hostname": "# set by hand\nnode-7\n", "proc/sys/kernel/hostname": "dhcp-12"}, "node-7"),
        ({"etc/hostname": "# nothing", "proc/sys/kernel/hostname": "dhcp-12"}, "dhcp-12"),
        ({"proc/sys/kernel/hostname": "dhcp-12"}, "dhcp-12"),
    ],
)
def test_the_host_name_is_the_one_that_lasts(tmp_path, files, name):
    write(tmp_path, files)
    assert identity(tmp_path).host_name == name


def test_each_change_of_a_host_is_kept_with_its_time(tmp_path, clock):
    first, second = Identity("a" * 64, "old-name", "", ""), Identity("a" * 64, "new-name", "", "")
    for stated in (first, first, second, second, first):
        history = open_history(tmp_path, clock)
        history.identify(stated)
        for _ in range(2):
            clock.wait(60)
            history.write(EnergyLedger(), Entries(), 0.0, clock.utc_now())
        history.close()
    kept = open_history(tmp_path, clock).identities()

    assert [(one.since - START, one.identity) for one in kept] == [
        (timedelta(minutes=1), first),
        (timedelta(minutes=5), second),
        (timedelta(minutes=9), first),
    ]
