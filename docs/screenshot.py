# SPDX-License-Identifier: Apache-2.0
"""Take a picture of a page: `python docs/screenshot.py URL OUT.png [--width N] [--height N] [--dark]`."""
# ruff: noqa: INP001 - a script

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

from browser import chromium, screenshot


def main() -> None:
    """Read the arguments and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=1200, help="of the viewport in pixels")
    parser.add_argument("--height", type=int, help="of the picture (default: the page's full height)")
    parser.add_argument("--dark", action="store_true", help="as a reader sees it who prefers dark pages")
    arguments = parser.parse_args()
    with chromium(arguments.width, arguments.height or 800, dark=arguments.dark) as driver:
        driver.get(arguments.url)
        if arguments.height:
            driver.save_screenshot(str(arguments.out))
        else:
            screenshot(driver, arguments.out)


if __name__ == "__main__":
    main()
