# SPDX-License-Identifier: Apache-2.0
"""Damages real SMBIOS tables at random: whatever firmware says, detection ends soon, with sound parts and problems.

usage: fuzz_smbios.py SECONDS [SEED]   prints the number of rounds, or the round that failed, which SEED repeats
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import smbios_servers

from agent.host import Host
from agent.inventory.detection import detect
from agent.inventory.file import read_inventory, write_inventory
from impacts.parts import KINDS

TABLE = "sys/firmware/dmi/tables/DMI"
TESTS = Path(__file__).parent
CPUINFO = (
    "processor\t: {0}\nmodel name\t: Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz\nphysical id\t: {0}\ncpu cores\t: 12\n\n"
)
MANY_SECONDS = 10.0  # of the processor, whatever else it does


def tables() -> list[bytes]:
    """Return the tables of recorded and written machines, in the order of their names."""
    recorded = sorted([*TESTS.glob("contract/data/smbios/*/DMI"), *TESTS.glob(f"hosts/*/first/{TABLE}")])
    return [path.read_bytes() for path in recorded] + [made().finished() for made in smbios_servers.SERVERS.values()]


def damaged(table: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return the table after one to eight accidents."""
    content = bytearray(table)
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(content) + 1)
        part = slice(start, start + chance.choice([1, 1, 2, 4, 30, 300]))
        other = chance.choice(others)
        cut = chance.randrange(len(other))
        accident = chance.randrange(6)
        if accident == 0:
            content[part] = chance.randbytes(len(content[part]))
        elif accident == 1:
            content[part] = bytes([chance.choice([0, 1, 0x7F, 0x80, 0xFF])]) * len(content[part])
        elif accident == 2:
            del content[part]
        elif accident == 3:
            content[start:start] = content[part]
        elif accident == 4:
            content[start:start] = other[cut : cut + 60]
        else:
            del content[start + chance.randrange(len(content) + 1) :]
    return bytes(content)


def check(root: Path, table: bytes) -> None:
    """Detect a machine with this table and look at everything that comes of it."""
    (root / TABLE).write_bytes(table)
    started = time.process_time()
    inventory, problems = detect(Host(root))
    file = root / "inventory.yaml"
    file.write_text(write_inventory(inventory))
    assert time.process_time() - started < MANY_SECONDS
    assert read_inventory(file) == inventory
    for part in inventory.parts or ():
        assert part.kind in KINDS
        assert part.count > 0
        assert all(text is None or text == text.strip() != "" for text in (part.model, part.part_number))
        assert part.rated_watts is None or 100 <= part.rated_watts <= 10_000
    for problem in problems:
        assert problem.remedy
        assert str(problem).isprintable()


def machine(root: Path, *, with_cpuinfo: bool) -> Path:
    """Return the root of a machine that lacks its table."""
    (root / TABLE).parent.mkdir(parents=True)
    (root / "proc").mkdir()
    (root / "proc/meminfo").write_text("MemTotal: 16233472 kB\n")
    if with_cpuinfo:
        (root / "proc/cpuinfo").write_text(CPUINFO.format(0) + CPUINFO.format(1))
    return root


def main(seconds: float, seed: int) -> None:
    originals = tables()
    first = seed
    ends_at = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        roots = [machine(Path(folder) / str(number), with_cpuinfo=bool(number)) for number in range(2)]
        while time.monotonic() < ends_at:
            chance = random.Random(seed)  # noqa: S311 -- repeatable
            table = damaged(chance.choice(originals), originals, chance)
            try:
                check(roots[seed % 2], table)
            except BaseException:
                print(f"seed {seed} fails: {table.hex()}")
                raise
            seed += 1
    print(f"{seed - first} rounds, none failed")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
