# SPDX-License-Identifier: Apache-2.0
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from impacts.amortisation import amortised_ratio, service_life
from impacts.datasets import load_book
from impacts.parts import Server

ACQUIRED = date(2022, 3, 1)


@pytest.mark.parametrize(
    ("on", "ratio"),
    [
        (datetime(2022, 3, 1, tzinfo=UTC), 0.0),
        (datetime(2021, 3, 1, tzinfo=UTC), 0.0),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), 0.5),
        (datetime(2026, 3, 1, tzinfo=UTC), 1.0),
        (datetime(2040, 3, 1, tzinfo=UTC), 1.0),
    ],
)
def test_the_share_grows_evenly_from_nothing_to_all_of_it(on, ratio):
    assert amortised_ratio(ACQUIRED, 4, on) == pytest.approx(ratio)


def test_the_same_moment_in_another_time_zone_is_the_same_share():
    noon = datetime(2023, 5, 5, 12, tzinfo=UTC)
    assert amortised_ratio(ACQUIRED, 4, noon.astimezone(timezone(timedelta(hours=9)))) == amortised_ratio(
        ACQUIRED, 4, noon
    )


def test_the_inventorys_service_life_comes_before_the_default():
    book = load_book()
    given, default = service_life(Server(service_life_years=6), book), service_life(Server(), book)
    assert (given.central, given.unit) == (6, "year")
    assert (default.low, default.central, default.high, default.unit) == pytest.approx((4, 4, 4, "year"))
    assert default.grounds[0].entry == "service_life"
