# SPDX-License-Identifier: Apache-2.0
"""What a person sees in a real browser that talks to a real server."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from browser import chromium, screenshot
from selenium.webdriver.common.by import By
from snapshots import TAKEN_AT, busy_server, figure, just_started
from web import served

from exporters.web.app import App
from impacts import quantities as q
from impacts.problems import Problem

pytestmark = pytest.mark.chromium

WIDE = (1200, 800)
PHONE = (360, 740)


@pytest.fixture(scope="module", params=[(*WIDE, False), (*PHONE, False), (*WIDE, True)], ids=["wide", "phone", "dark"])
def seen(request):
    width, height, dark = request.param
    with served(App(busy_server, lambda: TAKEN_AT)) as server, chromium(width, height, dark=dark) as driver:
        driver.get(f"http://{server.address}/")
        yield driver


def words(driver, selector):
    return " ".join(driver.find_element(By.CSS_SELECTOR, selector).text.split())


def test_power_is_seen_with_basis_bounds_and_grid(seen):
    power = words(seen, "#power")

    assert "268 W" in power
    assert "231–342 W" in power
    assert "part modelled" in power
    assert "44.0 gCO2e/kWh" in power


def test_energy_and_both_scopes_are_seen_for_each_period(seen):
    periods = words(seen, "#periods")

    for text in ("Since the agent started", "Today (UTC)", "13.7 kWh", "4.01 kWh"):
        assert text in periods
    assert "Scope 2 electricity, location-based 603 gCO2e 420–1010 gCO2e 176 gCO2e" in periods
    assert "Scope 3 embodied in the hardware, amortised 1.40 kgCO2e" in periods


def test_every_problem_is_seen_with_its_remedy(seen):
    problems = words(seen, "#problems")

    assert "The memory modules cannot be read" in problems
    assert "Remedy: run as root, or give an inventory file with --inventory" in problems
    assert "Remedy: setfacl -m u:wattprint:rw /dev/ipmi0" in problems


def test_every_component_has_a_bar_that_can_be_seen(seen):
    bars = seen.find_elements(By.CSS_SELECTOR, "#hardware tbody svg .central")

    assert len(bars) == 8
    assert all(bar.rect["width"] > 0 and bar.rect["height"] > 0 for bar in bars)
    widths = [bar.rect["width"] for bar in bars]
    assert widths == sorted(widths, reverse=True)


def test_the_page_is_never_wider_than_the_screen(seen):
    assert seen.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert (
        seen.execute_script(
            "return [...document.querySelectorAll('main *')].filter("
            "e => e.getBoundingClientRect().right > window.innerWidth).map(e => e.outerHTML)"
        )
        == []
    )


def test_no_text_runs_into_its_neighbour(seen):
    assert seen.execute_script(OVERFULL) == []


def test_the_many_digits_of_the_first_seconds_fit_on_a_phone():
    busy = busy_server()
    tiny = (
        figure(q.HOST_ENERGY, "modelled", at=(113.0, 189.4, 425.0)),
        figure(q.SCOPE2_LOCATION_BASED, at=(0.001163, 0.02488, 0.09271)),
        figure(q.EMBODIED_AMORTISED, at=(0.01081, 0.03051, 0.06062)),
    )
    snapshot = replace(busy, statements=tuple(replace(statement, figures=tiny) for statement in busy.statements))
    with served(App(lambda: snapshot, lambda: TAKEN_AT)) as server, chromium(*PHONE) as driver:
        driver.get(f"http://{server.address}/")

        assert "24.9 mgCO2e" in words(driver, "#periods")
        assert driver.execute_script(OVERFULL) == []


def test_text_stands_out_from_what_is_behind_it(seen):
    """WCAG 2.1, 1.4.3: a contrast of 4.5 at least."""
    contrasts = seen.execute_script(CONTRASTS)

    assert len(contrasts) > 50
    assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []


def test_the_style_is_allowed_by_the_policy(seen):
    assert seen.execute_script("return getComputedStyle(document.querySelector('main')).display") == "grid"


def test_the_browser_has_nothing_to_complain_of_and_asks_nobody_else(seen):
    home = seen.current_url
    seen.get_log("performance")
    seen.refresh()

    assert seen.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in seen.get_log("performance")]
    asked = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    assert home in asked
    assert {url for url in asked if not url.startswith("data:")} == {home}


def test_a_picture_shows_the_whole_page(seen, tmp_path):
    screenshot(seen, tmp_path / "page.png")

    header = (tmp_path / "page.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert int.from_bytes(header[20:24]) >= seen.execute_script("return document.documentElement.scrollHeight")


def test_a_problem_that_looks_like_a_script_is_read_and_not_run():
    attack = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    snapshot = replace(busy_server(), problems=(Problem("inventory", "odd", attack, attack),))
    with served(App(lambda: snapshot, lambda: TAKEN_AT)) as server, chromium(*WIDE) as driver:
        driver.get(f"http://{server.address}/")

        assert driver.title == "268 W · wattprint"
        assert attack in driver.find_element(By.ID, "problems").text
        assert driver.find_elements(By.CSS_SELECTOR, "script, img") == []


def test_before_the_first_step_a_person_is_told_to_wait():
    snapshots = [None]
    with served(App(lambda: snapshots[0], lambda: TAKEN_AT)) as server, chromium(*WIDE) as driver:
        driver.get(f"http://{server.address}/")
        assert "The first figures come in a few seconds" in words(driver, "body")

        snapshots[0] = just_started()
        driver.get(f"http://{server.address}/")
        assert "The first figures come in a few seconds" in words(driver, "body")
        assert "not known yet" in words(driver, "#power")


# The cells and boxes whose content is wider than themselves.
OVERFULL = """
return [...document.querySelectorAll('th, td, dt, dd, p, li')]
  .filter(e => e.scrollWidth > e.clientWidth && getComputedStyle(e).display !== 'none').map(e => e.outerHTML);
"""

# Each text's contrast with the nearest opaque background, by the formula of WCAG 2.1.
CONTRASTS = """
const light = c => { c = c / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const luminance = rgb => 0.2126 * light(rgb[0]) + 0.7152 * light(rgb[1]) + 0.0722 * light(rgb[2]);
const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
const behind = e => { for (; e; e = e.parentElement) {
  const rgba = numbers(getComputedStyle(e).backgroundColor);
  if (rgba.length < 4 || rgba[3] === 1) return rgba; } return [255, 255, 255]; };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
for (let node; node = walker.nextNode();) {
  if (!node.textContent.trim()) continue;
  const e = node.parentElement;
  const [a, b] = [luminance(numbers(getComputedStyle(e).color)), luminance(behind(e))];
  found.push([node.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
}
return found;
"""
