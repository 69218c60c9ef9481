# SPDX-License-Identifier: Apache-2.0
"""Captured machines: recorded for tests with identities removed, and read in place of a real one."""
