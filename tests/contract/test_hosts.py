# SPDX-License-Identifier: Apache-2.0
"""Every captured machine keeps to the format, can be played, holds no identity, and is what its script composes."""

from __future__ import annotations

import re

import compose_hosts
import pytest

from agent.inventory import dmi
from agent.inventory.detection import detect
from agent.recording.captured import open_root, read_recording

HOSTS = compose_hosts.HOSTS
MACHINES = sorted(path.name for path in HOSTS.iterdir() if path.is_dir())

# Blanked strings are "removed"; a UUID, MAC or WWN would stand out by its form.
IDENTITY = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-|([0-9a-f]{2}:){5}[0-9a-f]{2}|\b(naa|eui)\.[0-9a-f]{8}", re.IGNORECASE
)
ANY_BOOT = b"00000000-0000-0000-0000-000000000001\n"


def files_of(machine: str) -> dict[str, bytes]:
    """Return the recording's files; what commands are expected to print of it is no part of it."""
    directory = HOSTS / machine
    files = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    return {path: content for path, content in files.items() if not path.startswith("expected/")}


def test_there_are_captured_machines():
    assert len(MACHINES) >= 6


@pytest.mark.parametrize("machine", MACHINES)
def test_it_says_in_one_line_what_it_is_and_whether_it_was_recorded(machine):
    description = read_recording(HOSTS / machine).description

    assert re.fullmatch(r"(recorded|composed): .{10,150}", description)
    assert description.startswith("composed") == (machine in compose_hosts.COMPOSED)


@pytest.mark.parametrize("machine", sorted(compose_hosts.COMPOSED))
def test_what_is_composed_is_what_the_script_composes(machine):
    assert files_of(machine) == compose_hosts.COMPOSED[machine]().files()


@pytest.mark.parametrize("machine", MACHINES)
def test_it_holds_two_moments_of_plain_files(machine):
    directory = HOSTS / machine
    files = files_of(machine)

    assert not any(path.is_symlink() for path in directory.rglob("*"))
    for path, content in files.items():
        assert path == "capture.toml" or path.startswith(("first/", "second/"))
        if path.startswith("second/"):
            assert files["first/" + path.removeprefix("second/")] != content
    if machine != "empty-root":
        assert any(path.startswith("second/") for path in files)


@pytest.mark.parametrize("machine", MACHINES)
def test_it_holds_no_identity(machine):
    for path, content in files_of(machine).items():
        if path.endswith("boot_id"):
            assert content == ANY_BOOT
        else:
            assert not IDENTITY.search(content), path


@pytest.mark.parametrize("machine", MACHINES)
def test_it_can_be_played_to_its_end(machine):
    with open_root(HOSTS / machine) as host:
        before = host.clock.monotonic_seconds()
        detect(host)
        host.clock.wait(1)

        assert host.clock.exhausted
        assert 1 <= host.clock.monotonic_seconds() - before <= 60


@pytest.mark.parametrize("machine", MACHINES)
def test_its_counters_stay_in_their_range(machine):
    files = files_of(machine)
    for path, content in files.items():
        if path.endswith("/energy_uj"):
            zone = path.split("/")[-2]
            limit = int(files[f"first/sys/class/powercap/{zone}/max_energy_range_uj"])
            assert 0 <= int(content) <= limit, path


@pytest.mark.parametrize("machine", MACHINES)
def test_its_firmware_table_is_whole(machine):
    with open_root(HOSTS / machine) as host:
        found = dmi.read_smbios(host)

    assert bool(found.structures) != ("has no" in found.why_not)
