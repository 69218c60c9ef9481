# SPDX-License-Identifier: Apache-2.0
"""The machine: everything with I/O or state."""
