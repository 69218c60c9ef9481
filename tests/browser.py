# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that talks to nobody but the page it is shown."""

from __future__ import annotations

import os
import shutil
import tempfile
from base64 import b64decode
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Selenium may neither look for drivers elsewhere nor report how it is used.
_QUIET = {"SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


@contextmanager
def chromium(width: int = 1200, height: int = 800, *, dark: bool = False) -> Iterator[Chrome]:
    """Yield a browser with a fresh profile and a viewport of just this size."""
    profile = tempfile.mkdtemp(prefix="wattprint-chromium-")
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = Chrome(options, Service(shutil.which("chromedriver"), env={**os.environ, **_QUIET}))
    try:
        _resize(driver, width, height)
        preference = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [preference]})
        yield driver
    finally:
        driver.quit()
        driver.service.stop()
        shutil.rmtree(profile, ignore_errors=True)


def screenshot(driver: Chrome, file: Path) -> None:
    """Write what the browser shows, down to the end of the page, into a PNG file."""
    size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    file.write_bytes(b64decode(picture["data"]))


def _resize(driver: Chrome, width: int, height: int) -> None:
    """Set the viewport by emulation: a window is never narrower than some 500 pixels."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
