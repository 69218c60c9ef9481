# SPDX-License-Identifier: Apache-2.0
"""The host's accounts: its electricity and its embodied emissions in time, by the hour and in total."""
