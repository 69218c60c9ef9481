# SPDX-License-Identifier: Apache-2.0
"""Electricity: the grid's factor, and what of it is in which scope."""
