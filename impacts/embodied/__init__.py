# SPDX-License-Identifier: Apache-2.0
"""Embodied impacts of hardware: the two profiles, and the models and products behind them."""
