# SPDX-License-Identifier: Apache-2.0
"""Siblings: what an inlet meter teaches of one host's power by CPU load, and what hosts of the same make take from it."""
