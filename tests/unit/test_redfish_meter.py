# SPDX-License-Identifier: Apache-2.0
"""Which of a service's many powers is the host's."""

from __future__ import annotations

from lab.redfish_server import VENDORS, chassis, environment, linked, power, service, supply

from agent.sources.redfish_meter import find_meter
from agent.sources.redfish_session import path_of

POWER = "/redfish/v1/Chassis/{}/Power"


def get(tree):
    return lambda path: tree.get(path.rstrip("/"))


def found(tree):
    meter = find_meter(get(tree))
    return None if meter is None else {tap.name: watts for tap, watts in zip(meter.taps, meter.watts, strict=True)}


def told(name, watts, **links):
    """A chassis and its Power document."""
    path = POWER.format(name)
    return chassis(name, "Power", **links), {path: power(path, {"PowerConsumedWatts": watts})}


def both(first, second):
    return service({"a": first[0], "b": second[0]}, first[1] | second[1])


def test_environment_metrics_come_before_power_control():
    tree = environment(310)
    tree["/redfish/v1/Chassis/1"]["Power"] = linked(POWER.format(1))
    tree[POWER.format(1)] = power(POWER.format(1), {"PowerConsumedWatts": 300})

    assert found(tree) == {"inlet": 310}


def test_power_control_comes_before_the_supplies_and_only_its_first_counts():
    path = POWER.format(1)
    document = power(path, {"PowerConsumedWatts": 300}, {"PowerConsumedWatts": 200}, supplies=[supply(1, shown=310)])

    assert found(service({"1": chassis("1", "Power")}, {path: document})) == {"inlet": 300}


def test_a_first_control_that_is_silent_is_not_replaced_by_a_part_of_the_host():
    path = POWER.format(1)
    document = power(path, {"PowerConsumedWatts": None}, {"Name": "CPU", "PowerConsumedWatts": 200})

    assert found(service({"1": chassis("1", "Power")}, {path: document})) is None


def test_outputs_are_never_taken():
    path = POWER.format(1)

    assert (
        found(service({"1": chassis("1", "Power")}, {path: power(path, supplies=[supply(300), supply(290)])})) is None
    )


def test_inputs_of_which_one_is_unknown_are_no_sum():
    path = POWER.format(1)
    supplies = [supply(1, shown=200), supply(1, shown=None)]

    assert found(service({"1": chassis("1", "Power")}, {path: power(path, supplies=supplies)})) is None


def test_inputs_above_what_a_supply_can_give_are_ratings():
    tree = VENDORS["idrac"]()
    tree["/redfish/v1/Chassis/System.Embedded.1/Power"]["PowerControl"][0]["PowerConsumedWatts"] = None

    assert found(tree) is None


def test_what_contains_others_is_taken_and_what_is_in_it_not_added():
    tree = both(told("a", 400, contains=["b"], system="1"), told("b", 250, contained_by="a", system="1"))
    meter = find_meter(get(tree))

    assert meter.watts == (400,)
    assert "/redfish/v1/Chassis/b shows 250 W: not added" in meter.notes


def test_a_node_is_taken_before_the_enclosure_it_shares():
    tree = both(told("a", 1600, kind="Enclosure", contains=["b"]), told("b", 250, kind="Sled", system="1"))

    assert found(tree) == {"inlet": 250}


def test_the_chassis_of_the_system_is_taken_before_a_greater_one():
    assert found(both(told("a", 900), told("b", 250, system="1"))) == {"inlet": 250}


def test_of_chassis_that_nothing_tells_apart_the_greatest_is_taken_and_the_other_told():
    meter = find_meter(get(both(told("a", 300), told("b", 310))))

    assert meter.watts == (310,)
    assert any("a shows 300 W: not added" in note for note in meter.notes)


def test_parts_are_asked_only_if_no_housing_shows_power():
    asked = []

    def listen(path):
        asked.append(path)
        return get(tree)(path)

    tree = both(told("a", 250, system="1"), told("b", 700, kind="Component"))
    assert find_meter(listen).watts == (250,)
    assert POWER.format("b") not in asked

    tree = both((chassis("a"), {}), told("b", 700, kind="Component"))
    assert found(tree) == {"inlet": 700}


def of_several_systems():
    tree = environment(1000)
    tree["/redfish/v1/Chassis/1"]["Links"]["ComputerSystems"] = [linked("/a"), linked("/b")]
    return tree


def supplies_of(name, kind):
    """A chassis that shows nothing but the inputs of its supplies: 760 W and 720 W."""
    path = POWER.format(name)
    document = power(path, supplies=[supply(1, shown=760), supply(1, shown=720)])
    return service({name: chassis(name, "Power", kind=kind, system="1")}, {path: document})


def test_a_meter_that_others_share_is_said():
    assert find_meter(get(environment(1000))).shared == ""
    assert find_meter(get(of_several_systems())).shared == (
        "this chassis holds 2 computer systems: its meter shows them all"
    )
    assert "enclosure's" in find_meter(get(environment(1000, kind="Enclosure"))).shared


def test_the_inputs_of_supplies_are_a_servers_but_not_a_nodes():
    for kind in ("RackMount", "Sled"):
        tree = supplies_of("1", kind)

        assert sum(find_meter(get(tree)).watts) == 1480
        assert find_meter(get(tree), of_node=True) is None


def test_a_meter_of_several_systems_or_of_an_enclosure_is_not_a_nodes():
    assert find_meter(get(of_several_systems()), of_node=True) is None
    assert find_meter(get(environment(1000, kind="Enclosure")), of_node=True) is None


def test_a_nodes_own_meter_is_taken_beside_that_of_its_enclosure():
    tree = both(told("a", 370, kind="Sled", contained_by="b", system="1"), told("b", 1480, kind="Enclosure"))
    meter = find_meter(get(tree), of_node=True)

    assert (meter.watts, meter.shared) == ((370,), "")


def test_a_nodes_meter_of_which_nothing_states_whose_it_is_is_taken_and_said():
    meter = find_meter(get(environment(370)), of_node=True)

    assert meter.watts == (370,)
    assert "is not stated" in meter.shared


def test_chassis_that_contain_each_other_end_the_search_all_the_same():
    tree = both(told("a", 300, contained_by="b"), told("b", 310, contained_by="a"))

    assert found(tree) == {"inlet": 310}


def test_links_lead_to_no_other_server():
    assert path_of("https://evil.example/redfish/v1") == "/redfish/v1"
    assert path_of("//evil.example/redfish/v1") == "/redfish/v1"
    assert path_of("@evil.example/redfish") == ""
    assert path_of("https://[evil/") == ""
    assert path_of("/a\r\nHost: evil") == "/aHost: evil"
    assert path_of(None) == path_of(7) == path_of({}) == ""
