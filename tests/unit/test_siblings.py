# SPDX-License-Identifier: Apache-2.0
"""A host without a meter takes what its siblings' meters have taught: alone, and in a fleet whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from books import shipped
from clocks import HandClock
from fleet import STEP_SECONDS, Meter, Server, hours, measured_step
from trees import processor, set_counter, set_load, write, zone

from agent.answers.sibling_factors import Spreads, sibling_factors
from agent.host import Host
from agent.ledger import EnergyLedger
from agent.machine import Machine
from agent.readings import Boundary
from agent.sources import load_model as model_source
from agent.sources import rapl
from agent.wholehost.balance import HostBalance
from agent.wholehost.host_step import Basis
from agent.wholehost.load_model import model_of
from agent.wholehost.overlap import tree
from agent.wholehost.siblings.learning import Learning
from agent.wholehost.siblings.sibling import Sibling
from agent.wholehost.siblings.taught import lessons_of
from agent.wholehost.ways import Overheads
from agent.written.imports import import_factors, imported_factors
from agent.written.sibling_power import write_rows
from impacts import parts
from impacts.configurations import configuration_of
from impacts.datasets import load_book
from impacts.values.bounded import Bounded
from impacts.values.estimates import Citation, Estimate

INVENTORY = parts.Inventory(
    parts.Server(manufacturer="Dell Inc.", model="PowerEdge R740"),
    (
        parts.Part("cpu", 2, model="Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz"),
        parts.Part("memory", 12, capacity_gb=32),
        parts.Part("ssd", 2, capacity_gb=960),
    ),
)
OTHER_MEMORY = replace(INVENTORY, parts=(INVENTORY.parts[0], parts.Part("memory", 24, capacity_gb=32)))
SPREADS = Spreads(of_equals=0.05, of_parts=0.1)
ONE = Estimate.exact(1.0, "1", Citation("nothing between"))
TODAY = HandClock().utc_now().date()


def taught(watts, inventory=INVENTORY, name="one"):
    """A sibling that was taught these powers by load."""
    powers = {load: Bounded(0.95 * each, each, 1.05 * each) for load, each in watts.items()}
    return Sibling(name, configuration_of(inventory), powers, 2.0)


@pytest.fixture
def book_with(tmp_path):
    """Return the shipped factors with those that siblings give, by way of the file that a user imports."""

    def learn(*siblings):
        state, file = tmp_path / "state", tmp_path / "fleet.csv"
        state.mkdir(exist_ok=True)
        file.write_text(write_rows(factor.row() for factor in sibling_factors(siblings, SPREADS, "meters of siblings")))
        import_factors(file, state, shipped())
        return load_book(imported_factors(state))

    return learn


def power(book, load, inventory=INVENTORY):
    return model_of(inventory, book, TODAY, 48).power(load)


def widths(estimate):
    return estimate.low / estimate.central, estimate.high / estimate.central


def test_the_power_at_a_load_is_that_of_the_siblings_and_linear_between_two_loads(book_with):
    book = book_with(taught({0.0: 100, 0.2: 160, 1.0: 400}))

    assert [power(book, load).central for load in (0.0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([100, 130, 160, 280, 400])


def test_grounds_name_the_file_and_the_number_of_siblings(book_with):
    book = book_with(taught({0.2: 160}), taught({0.2: 164}, name="two"))
    cited = [citation for citation in power(book, 0.2).grounds if citation.dataset == "imported-fleet"]

    assert cited
    assert all(citation.locator == "2 siblings" for citation in cited)


def test_beyond_the_loads_that_were_seen_the_general_model_goes_on_scaled_with_the_wider_bounds(book_with):
    general = model_of(INVENTORY, shipped(), TODAY, 48)
    book = book_with(*(taught({0.2: 160}, name=str(name)) for name in range(10)))
    scale = 160 / general.power(0.2).central

    for load in (0.0, 0.1, 0.5, 1.0):
        beyond = power(book, load)
        assert beyond.central == pytest.approx(general.power(load).central * scale)
        assert widths(beyond)[0] <= widths(general.power(load))[0] + 1e-9
        assert widths(beyond)[1] >= widths(general.power(load))[1] - 1e-9


def test_a_line_that_falls_is_held_level_within_its_bounds(book_with):
    book = book_with(taught({0.0: 100, 0.1: 99, 1.0: 400}))

    assert power(book, 0.1).central == pytest.approx(100)


@pytest.mark.parametrize(
    "other",
    [
        replace(INVENTORY, server=parts.Server(manufacturer="Dell Inc.", model="PowerEdge R750")),
        replace(INVENTORY, server=replace(INVENTORY.server, virtual=True)),
        replace(INVENTORY, parts=(replace(INVENTORY.parts[0], count=1), *INVENTORY.parts[1:])),
        replace(INVENTORY, parts=(*INVENTORY.parts, parts.Part("gpu", 1, model="NVIDIA L4"))),
        replace(INVENTORY, parts=(replace(INVENTORY.parts[0], model="Xeon Gold 6230"), *INVENTORY.parts[1:])),
    ],
    ids=["product", "guest", "processors", "card", "processor"],
)
def test_another_machine_takes_nothing_from_them(book_with, other):
    book = book_with(taught({0.2: 160}))

    assert model_of(other, book, TODAY, 48).host is None


def test_names_as_the_kernel_prints_them_and_as_the_maker_does_are_one(book_with):
    """The metric has the kernel's name; an inventory file may have the maker's."""
    written = replace(INVENTORY, parts=(replace(INVENTORY.parts[0], model="Xeon Gold 6226"), *INVENTORY.parts[1:]))

    assert power(book_with(taught({0.2: 160})), 0.2, written).central == pytest.approx(160)


def test_a_single_sibling_is_said_and_its_bounds_are_wider_than_those_of_many(book_with):
    many = book_with(*(taught({0.2: 160}, name=str(name)) for name in range(10)))
    of_many = model_of(INVENTORY, many, TODAY, 48)
    of_one = model_of(INVENTORY, book_with(taught({0.2: 160})), TODAY, 48)

    assert [problem.reason for problem in of_one.problems] == ["single_sibling"]
    assert not of_many.problems
    assert widths(of_one.power(0.2))[0] < 0.8 < widths(of_many.power(0.2))[0]
    assert widths(of_one.power(0.2))[1] > 1.2 > widths(of_many.power(0.2))[1]


def test_siblings_of_another_configuration_are_said_and_their_bounds_are_wider_still(book_with):
    book = book_with(*(taught({0.2: 160}, name=str(name)) for name in range(10)))
    of_equals, of_others = (model_of(one, book, TODAY, 48) for one in (INVENTORY, OTHER_MEMORY))

    assert [problem.reason for problem in of_others.problems] == ["siblings_of_other_parts"]
    assert of_others.power(0.2).central == pytest.approx(160)
    assert widths(of_others.power(0.2))[0] < widths(of_equals.power(0.2))[0]
    assert widths(of_others.power(0.2))[1] > widths(of_equals.power(0.2))[1]


class Ticking:
    """A host whose load, and counter if it has one, are moved by hand."""

    def __init__(self, root, book, *, with_counter=False):
        processor(root)
        if with_counter:
            write(root, zone("intel-rapl:0", "package-0", 0))
        self.root, self.clock, self.busy, self.idle, self.joules = root, HandClock(), 0, 1000, 0
        machine = Machine(Host(root, self.clock), INVENTORY, book)
        self.sources = [*([rapl.open_source(machine)] if with_counter else []), model_source.open_source(machine)]
        self.ledger, self.balance = EnergyLedger(), HostBalance(Overheads(ONE, ONE))
        self.tick()

    def tick(self):
        steps = self.ledger.record(reading for source in self.sources for reading in source.read())
        channels = [channel for source in self.sources for channel in source.channels]
        return self.balance.step(channels, steps, self.clock.monotonic_seconds())

    def passes(self, seconds, load, package_watts=100):
        self.clock.wait(seconds)
        self.busy += round(400 * seconds * load)
        self.idle += round(400 * seconds * (1 - load))
        self.joules += seconds * package_watts
        set_load(self.root, self.busy, self.idle)
        if len(self.sources) > 1:
            set_counter(self.root, "intel-rapl:0", self.joules * 1_000_000)
        return self.tick()


def test_a_host_without_a_counter_takes_it_before_the_general_model(tmp_path, book_with):
    host = Ticking(tmp_path / "root", book_with(taught({0.0: 100, 0.2: 160, 1.0: 400})))
    step = host.passes(10, 0.2)

    assert (step.basis, step.method) == (Basis.MODELLED, "siblings")
    assert step.power.estimate.central == pytest.approx(160)
    assert step.energy.estimate.central == pytest.approx(1600)
    assert [(channel.name, channel.boundary) for channel in step.channels] == [("host", Boundary.INLET)]
    assert step.idle.estimate.central == pytest.approx(100)
    assert step.measured_microjoules == 0


def test_a_step_has_the_bounds_of_its_load(tmp_path, book_with):
    book = book_with(taught({0.0: 100, 0.2: 160, 1.0: 400}))
    step = Ticking(tmp_path / "root", book).passes(10, 0.2)

    assert widths(step.power.estimate) == pytest.approx(widths(power(book, 0.2)))


def test_counters_of_the_host_itself_go_before_it_and_nothing_is_counted_twice(tmp_path, book_with):
    with_siblings = Ticking(tmp_path / "a", book_with(taught({0.2: 160})), with_counter=True)
    without = Ticking(tmp_path / "b", shipped(), with_counter=True)
    steps = [host.passes(10, 0.2) for host in (with_siblings, without)]

    assert [step.basis for step in steps] == [Basis.PART_MODELLED] * 2
    assert steps[0].energy.estimate.central == pytest.approx(steps[1].energy.estimate.central)
    assert "host" not in [channel.name for channel in steps[0].channels]


def test_the_tree_shows_by_what_the_host_is_modelled(tmp_path, book_with):
    host = Ticking(tmp_path / "root", book_with(taught({0.2: 160})))
    lines = tree([channel for source in host.sources for channel in source.channels])

    assert {line.channel.name: line.remark for line in lines}[
        "host"
    ] == "modelled, as the meters of siblings have taught"


def test_without_siblings_the_general_model_stands(tmp_path):
    step = Ticking(tmp_path / "root", shipped()).passes(10, 0.2)

    assert (step.basis, step.method) == (Basis.MODELLED, "")


# The fleet of 30: a tenth metered for three days, the rest modelled for a day by what these teach.


def of_a_meter(seed, inventory=INVENTORY, days=3):
    """Return what a meter has taught of one server of the fleet in some days."""
    random, learning, now = Random(seed), Learning(configuration_of(inventory)), 0.0  # noqa: S311 - the same in every run
    server, meter = Server(random), Meter(random)
    learning.take(0.1, None, now)
    for steps in hours(server, 24 * days):
        for load, watts in steps:
            now += STEP_SECONDS
            learning.take(load, measured_step(meter.shows(watts), STEP_SECONDS), now)
    return lessons_of(learning.state).sibling(f"server {seed}")


def hours_of(seed, model, more=lambda load: 0.0 * load, count=24):
    """Return the true mean power of each hour of a server, with what more parts draw, and what the model states of it."""
    found = []
    for steps in hours(Server(Random(seed)), count):  # noqa: S311 - the same in every run
        stated = [model.host.power(load) for load, _ in steps]
        corners = [sum(getattr(one, corner) for one in stated) for corner in ("low", "central", "high")]
        truth = sum(watts + more(load) for load, watts in steps)
        found.append((truth / len(steps), Bounded(*(one / len(steps) for one in corners))))
    return found


def off(truth, stated):
    return abs(stated.central / truth - 1)


@pytest.fixture(scope="module")
def metered():
    return [of_a_meter(seed) for seed in range(3)]


def test_a_tenth_of_a_fleet_teaches_the_rest_within_5_percent_an_hour_and_the_bounds_hold(metered, book_with):
    model = model_of(INVENTORY, book_with(*metered), TODAY, 48)
    of_servers = [hours_of(seed, model) for seed in range(3, 30)]
    all_hours = [hour for of_server in of_servers for hour in of_server]

    assert all(sum(off(*hour) for hour in of_server) / len(of_server) < 0.05 for of_server in of_servers)
    assert sum(off(*hour) <= 0.05 for hour in all_hours) / len(all_hours) >= 0.95
    assert sum(stated.low <= truth <= stated.high for truth, stated in all_hours) / len(all_hours) >= 0.99
    assert all(stated.high / stated.low < 1.6 for _, stated in all_hours)


def test_a_single_server_of_the_fleet_teaches_the_rest_with_bounds_that_hold(metered, book_with):
    model = model_of(INVENTORY, book_with(metered[0]), TODAY, 48)
    all_hours = [hour for seed in range(3, 10) for hour in hours_of(seed, model)]

    assert sum(stated.low <= truth <= stated.high for truth, stated in all_hours) / len(all_hours) >= 0.99


def test_bounds_hold_for_servers_with_twice_the_memory(metered, book_with):
    """A dozen modules more draw 2 W each while nothing runs, and 4 W under load."""
    model = model_of(OTHER_MEMORY, book_with(*metered), TODAY, 48)
    all_hours = [hour for seed in range(3, 10) for hour in hours_of(seed, model, lambda load: 24 + 24 * load)]

    assert all(stated.low <= truth <= stated.high for truth, stated in all_hours)
