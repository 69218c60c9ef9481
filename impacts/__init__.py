# SPDX-License-Identifier: Apache-2.0
"""The model: pure functions on values, and its cited data. No clock, no network, no files but its own data."""
