# SPDX-License-Identifier: Apache-2.0
"""wattprint explain: the derivation of a figure, to be redone with pencil and paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli import COULD_NOT, DONE
from agent.cli.options import add_config
from agent.config_file import config_of
from agent.errors import ConfigError, WattprintError
from agent.explain.explanation import DERIVED, Explanation
from agent.explain.in_words import power_in_words
from agent.history.view import HistoryView
from agent.wiring import sample_twice, sampling
from agent.written.schema_errors import nearest
from impacts.quantities import CATALOGUE, HOST_POWER, PREFIX
from impacts.values.derivations import render

if TYPE_CHECKING:
    import argparse

    from agent.host import Host
    from impacts.quantities import Quantity

HELP = "print how a figure is worked out: formula, inputs, datasets, rows, licences"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("figure", metavar="FIGURE", help="such as scope2_location_based_co2e, or a metric's whole name")
    add_config(parser)
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="the running agent's history, to explain its totals too"
    )


def execute(arguments: argparse.Namespace, host: Host) -> int:
    """Take two samples and print every derivation behind the figure."""
    quantity = _quantity(arguments.figure)
    config = config_of(host, arguments.config)
    if arguments.state is not None:
        config = replace(config, state_directory=arguments.state)
    history = _history(host, config.state_directory, asked_for=arguments.state is not None)
    with sampling(host, config, None, learned=history) as sampler:
        accounts = sampler.accounts.electricity
        if history is not None:
            accounts.go_on_after(history)
        snapshot = sample_twice(host, sampler)
        derivations = Explanation(snapshot, sampler.evaluation.facts, accounts, history).of(quantity)
    written_at = None if history is None else history.last_written_at
    if history is not None:
        history.close()
    print(f"{quantity.name}\n{quantity.meaning}\n")
    if written_at is not None:
        print(
            f"History: as it was written at {written_at:%Y-%m-%d %H:%M:%S} UTC; a running agent writes once a minute.\n"
        )
    if not derivations:
        print("Not known on this machine now, or observed by the agent itself: there is nothing to derive.")
        return COULD_NOT
    words = power_in_words(snapshot) if quantity is HOST_POWER else []
    if words:
        print("\n".join(words), end="\n\n")
    print("\n\n".join(render(derivation) for derivation in derivations))
    return DONE


def _history(host: Host, directory: Path, *, asked_for: bool) -> HistoryView | None:
    """Return the running agent's history; without one, two samples are explained all the same."""
    if not host.is_own and not asked_for:
        return None
    try:
        history = HistoryView.open_read_only(directory)
    except WattprintError:
        if asked_for:
            raise
        return None
    if history is None and asked_for:
        raise ConfigError(f"{directory}: holds no history; name the agent's state directory with --state")
    return history


def _quantity(word: str) -> Quantity:
    """Return the quantity by its stem or by the name of one of its metrics, with or without the prefix."""
    for quantity in CATALOGUE:
        names = {quantity.name, quantity.lower_bound_name, quantity.upper_bound_name}
        if word in {quantity.stem, *names, *(name.removeprefix(PREFIX) for name in names)}:
            return quantity
    derived = [quantity.stem for quantity in CATALOGUE if quantity in DERIVED]
    raise ConfigError(f"no figure is called {word!r}; {nearest(word, derived)}")
