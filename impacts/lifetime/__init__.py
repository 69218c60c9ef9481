# SPDX-License-Identifier: Apache-2.0
"""Embodied emissions in time: when they are taken on, how they are amortised, and when to replace."""
