# SPDX-License-Identifier: Apache-2.0
"""The loop: sources read at every tick, what they say recorded, and the figures that follow published."""
