# SPDX-License-Identifier: Apache-2.0
"""Recording a machine for tests: the files that the agent reads, at two moments, without what identifies it.

Only the files named in the tables of sources and of the inventory are read: no host name or MAC is among them. What
identifies the machine inside of them is removed here; the drives' world-wide names become numbers.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import ConfigError, ReadFailed
from agent.inventory import block_devices, cards, dmi, gpus, pci, pci_names, spd
from agent.inventory.detection import READS as INVENTORY_READS
from agent.inventory.detection import detect
from agent.recording.captured import FIRST, RECORD, SECOND
from agent.sources.table import SOURCES
from agent.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from agent.host import Host
    from agent.inventory.dmi import Structure
    from impacts.parts import Inventory

_BOOT_ID = "proc/sys/kernel/random/boot_id"
_ANY_BOOT = b"00000000-0000-0000-0000-000000000001\n"

# Of each structure that is kept: the fields whose strings name a model, and not this one machine.
_MODEL_STRINGS: Mapping[int, tuple[int, ...]] = {
    dmi.BIOS: (),
    dmi.SYSTEM: (0x04, 0x05),
    dmi.BOARD: (0x04, 0x05),
    dmi.CHASSIS: (0x04,),
    dmi.PROCESSOR: (0x04, 0x07, 0x10),
    dmi.MEMORY_ARRAY: (),
    dmi.MEMORY_DEVICE: (0x10, 0x17, 0x1A),
    dmi.POWER_SUPPLY: (0x07, 0x0A),
    dmi.END_OF_TABLE: (),
}
# How much of each formatted area the standard describes; what firmware adds behind it may be anything.
_LONGEST_FORMATTED_BYTES: Mapping[int, int] = {
    dmi.BIOS: 0x1A,
    dmi.SYSTEM: 0x1B,
    dmi.BOARD: 0x0E,
    dmi.CHASSIS: 0x15,
    dmi.PROCESSOR: 0x32,
    dmi.MEMORY_ARRAY: 0x17,
    dmi.MEMORY_DEVICE: 0x64,
    dmi.POWER_SUPPLY: 0x16,
    dmi.END_OF_TABLE: 0x04,
}
_UUID = slice(0x08, 0x18)  # of the system structure
_REMOVED = b"removed"


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is there and could not be read."""

    path: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Moment:
    files: dict[str, bytes]  # by path below the root
    unread: tuple[Unread, ...]


def capture(host: Host, directory: Path, seconds: float) -> tuple[int, tuple[Unread, ...]]:
    """Record the host into `directory`; return the number of files and those that could not be read.

    Raises:
        ConfigError: the directory holds something already, or cannot be written.
    """
    with _made_whole(directory) as draft:
        taken, began = host.clock.utc_now(), host.clock.monotonic_seconds()
        anonymous = _Anonymiser(host)
        first = _moment(host, anonymous)
        host.clock.wait(seconds)
        between = host.clock.monotonic_seconds() - began
        second = _moment(host, anonymous)
        changed = {path: content for path, content in second.files.items() if first.files.get(path) != content}
        _write(draft / FIRST, first.files)
        _write(draft / SECOND, changed)
        description = json.dumps(f"recorded: {_description(detect(host)[0])}", ensure_ascii=False)  # is TOML's form too
        record = (
            f"description = {description}\n"
            f"taken = {taken.isoformat(timespec='seconds').replace('+00:00', 'Z')}\n"
            f"monotonic_seconds = {began:.6f}\n"
            f"seconds_between = {between:.6f}\n"
            f'agent = "{VERSION}"\n'
        )
        (draft / RECORD).write_text(record, encoding="utf-8")
    return len(first.files), first.unread


@contextmanager
def _made_whole(directory: Path) -> Iterator[Path]:
    """Give a folder beside `directory` that takes its place at the end, so that nothing half written is there."""
    target = directory.absolute()
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise ConfigError(f"{directory}: is not empty; name a new directory")
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            yield draft
            draft.chmod(0o755)
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise ConfigError(
            f"{directory}: cannot be written: {error.strerror}; name a new directory in one you may write to"
        ) from error


def _moment(host: Host, anonymous: _Anonymiser) -> _Moment:
    files: dict[str, bytes] = {}
    unread: list[Unread] = []
    for path in paths_to_record(host):
        try:
            files[path] = anonymous.content(path, _read(host.root / path))
        except PermissionError:
            unread.append(Unread(path, "permission denied", "run as root"))
        except OSError as error:
            unread.append(
                Unread(path, error.strerror or "no answer", "the driver gives no value at this moment; capture again")
            )
        except ReadFailed as error:
            unread.append(Unread(path, error.what, "the firmware's table cannot be anonymised; it is left out"))
    return _Moment(files, tuple(unread))


def paths_to_record(host: Host) -> list[str]:
    """Return what the agent reads on this host, below its root."""
    globs = dict.fromkeys((_BOOT_ID, *INVENTORY_READS, *(glob for entry in SOURCES for glob in entry.reads)))
    found = {str(path.relative_to(host.root)) for glob in globs for path in host.root.glob(glob)}
    return sorted(path for path in found if not _is_lent(host, path))


def _is_lent(host: Host, path: str) -> bool:
    """Whether the file is of a drive in another machine: played back, it would look like a built-in one."""
    steps = path.split("/")
    return steps[:2] == ["sys", "block"] and block_devices.is_networked(host, steps[2])


def _read(path: Path) -> bytes:
    """Return a regular file's content; a recording must not hang on a pipe or device that a glob has met."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "no regular file")
        return file.read()


class _Anonymiser:
    """Takes out of each file what identifies the machine. The drives' identifiers become numbers, the same for each path."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._drives: dict[bytes, bytes] = {}
        self._removers: Mapping[str, Callable[[bytes], bytes]] = {
            _BOOT_ID: lambda _: _ANY_BOOT,
            "proc/cpuinfo": _without_serial,
            dmi.TABLE.lstrip("/"): _without_identity,
            "sys/block/*/wwid": self._numbered,
            gpus.NVIDIA_INFORMATION: gpus.only_the_model,
            **dict.fromkeys(spd.READS, spd.without_serial),
            **dict.fromkeys(pci_names.READS, self._names_of_cards),
        }

    def content(self, path: str, content: bytes) -> bytes:
        """Return what may be recorded of a file."""
        for pattern, remover in self._removers.items():
            if fnmatchcase(path, pattern):
                return remover(content)
        return content

    def _numbered(self, identifier: bytes) -> bytes:
        if not identifier.strip():
            return identifier
        return self._drives.setdefault(identifier, f"drive-{len(self._drives) + 1}\n".encode())

    def _names_of_cards(self, pci_ids: bytes) -> bytes:
        """Return the names of this machine's cards alone: the whole file has a megabyte."""
        return pci_names.excerpt(pci_ids, cards.wanted_names(pci.read_cards(self._host)))


def _without_serial(cpuinfo: bytes) -> bytes:
    return b"".join(
        line for line in cpuinfo.splitlines(keepends=True) if b"serial" not in line.partition(b":")[0].lower()
    )


def _without_identity(table: bytes) -> bytes:
    return dmi.encode(_blanked(structure) for structure in dmi.parse(table) if structure.kind in _MODEL_STRINGS)


def _blanked(structure: Structure) -> Structure:
    kept = {structure.number(offset) for offset in _MODEL_STRINGS[structure.kind]}
    strings = tuple(text if index in kept else _REMOVED for index, text in enumerate(structure.strings, start=1))
    formatted = bytearray(structure.formatted[: _LONGEST_FORMATTED_BYTES[structure.kind]])
    formatted[1] = len(formatted)
    if structure.kind == dmi.SYSTEM:
        formatted[_UUID] = bytes(len(formatted[_UUID]))
    return replace(structure, formatted=bytes(formatted), strings=strings)


def _write(root: Path, files: Mapping[str, bytes]) -> None:
    root.mkdir(parents=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _description(inventory: Inventory) -> str:
    """Return one line on what the machine is."""
    server = inventory.server
    name = " ".join(filter(None, (server.manufacturer, server.model))) or "a machine without a name"
    cpus = ", ".join(f"{part.count} x {part.model or 'CPU'}" for part in inventory.of_kind("cpu"))
    line = ", ".join(filter(None, (name, cpus, "virtual" if server.virtual else "")))
    return "".join(character if character.isprintable() else " " for character in line)
