# SPDX-License-Identifier: Apache-2.0
"""The version, from the installed package: pyproject.toml is the only place that states it."""

from importlib.metadata import version

VERSION = version("wattprint")
