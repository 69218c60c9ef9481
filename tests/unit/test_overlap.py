# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from agent.readings import Boundary, Channel, Method
from agent.wholehost.contradictions import Contradictions
from agent.wholehost.overlap import outermost_components, tree
from agent.wholehost.ways import Overheads, ways
from impacts.values.estimates import Citation, Estimate


def channel(source, name, component="cpu", boundary=Boundary.COMPONENT, within=None):
    method = Method.MODELLED if source == "model" else Method.COUNTED
    return Channel(source, name, component, boundary, method, within)


DCMI = channel("ipmi_dcmi", "inlet", "host", Boundary.INLET)
PSUS = [channel("psu_input", f"psu-{n}", "psu", Boundary.INLET) for n in (1, 2)]
NODE = channel("cray", "node", "host", Boundary.PLATFORM)
CRAY = [NODE, channel("cray", "cpu", within="node"), channel("cray", "accel0", "gpu", within="node")]
PACKAGE, DRAM = channel("rapl", "package-0"), channel("rapl", "dram-0", "dram")
CORE = channel("rapl", "core-0", within="package-0")
CARDS = [channel("nvidia", "gpu-0", "gpu"), channel("hwmon", "amdgpu-1", "gpu")]
MODULE = channel("hwmon", "module-0", "module")
SOCKET = channel("hwmon", "socket-0")  # amd_energy
MODEL = [channel("model", name, part) for name, part in (("cpu", "cpu"), ("ssd", "drive"))]


def drawn(*channels):
    return [(line.depth, line.channel.name, line.remark) for line in tree(channels)]


def outermost(*channels):
    return [channel.name for channel in outermost_components(channels)]


def ways_of(*channels):
    exactly = Estimate.exact(1.0, "1", Citation("test"))
    return ways(channels, Overheads(exactly, exactly), Contradictions())


def test_an_inlet_contains_the_platform_and_that_the_components_and_those_their_parts():
    assert drawn(DCMI, NODE, PACKAGE, CORE, MODEL[1]) == [
        (0, "inlet", ""),
        (1, "node", ""),
        (2, "package-0", ""),
        (3, "core-0", ""),
        (2, "ssd", "modelled"),
    ]


def test_a_second_inlet_meter_stands_beside_the_first_and_says_that_it_is_the_same():
    assert drawn(DCMI, *PSUS, PACKAGE) == [
        (0, "inlet", ""),
        (0, "psu-1", "the same as ipmi_dcmi"),
        (0, "psu-2", "the same as ipmi_dcmi"),
        (1, "package-0", ""),
    ]


def test_the_inputs_of_all_power_supplies_make_one_way():
    assert [[c.name for c in way.anchors] for way in ways_of(DCMI, *PSUS, PACKAGE)] == [
        ["inlet"],
        ["psu-1", "psu-2"],
        ["package-0"],
        [],  # the load model
    ]


def test_every_channel_is_in_the_tree_exactly_once():
    channels = [*CRAY, DCMI, *PSUS, PACKAGE, CORE, DRAM, *CARDS, SOCKET, *MODEL]

    assert sorted(name for _, name, _ in drawn(*channels)) == sorted(channel.name for channel in channels)


def test_what_two_sources_count_of_the_cpu_is_counted_by_the_first_and_marked_at_the_second():
    assert outermost(PACKAGE, SOCKET) == ["package-0"]
    assert drawn(PACKAGE, SOCKET) == [(0, "package-0", ""), (0, "socket-0", "the same as rapl")]


def test_cards_of_different_sources_are_different_cards_unless_one_source_knows_all():
    assert outermost(*CARDS) == ["gpu-0", "amdgpu-1"]
    assert outermost(*CRAY, *CARDS) == ["cpu", "accel0"]


def test_a_module_includes_cpu_and_memory_of_whatever_source():
    assert outermost(MODULE, PACKAGE, DRAM) == ["module-0"]
    assert drawn(MODULE, *MODEL)[1:] == [(0, "cpu", "modelled, and measured above"), (0, "ssd", "modelled")]


def test_a_way_at_the_platform_is_called_by_its_channel():
    assert [way.name for way in ways_of(*CRAY, DCMI)[:2]] == ["ipmi_dcmi", "cray node"]
