# SPDX-License-Identifier: Apache-2.0
"""What every delivery of the table keeps to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trees import HandClock

from agent.deliveries.table import DELIVERIES
from agent.written.config import Config

HERE = replace(Config(), listen="127.0.0.1:0")  # any free port


def test_each_delivery_has_a_name_of_its_own():
    assert len({entry.name for entry in DELIVERIES}) == len(DELIVERIES) > 0


@pytest.mark.parametrize("entry", DELIVERIES, ids=lambda entry: entry.name)
def test_a_delivery_can_be_stopped_whether_it_was_started_or_not(entry):
    for is_started in (False, True):
        delivery = entry.open(HERE, lambda: None, HandClock())
        if is_started:
            delivery.start()
        delivery.stop()


@pytest.mark.parametrize("entry", DELIVERIES, ids=lambda entry: entry.name)
def test_a_delivery_says_where_its_figures_are_in_one_line(entry):
    delivery = entry.open(HERE, lambda: None, HandClock())
    announcement = delivery.announcement
    delivery.stop()

    assert announcement
    assert "\n" not in announcement
