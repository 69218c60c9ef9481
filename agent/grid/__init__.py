# SPDX-License-Identifier: Apache-2.0
"""Live grid intensity: what an hour's electricity emits, asked of a grid operator or data service in a thread."""
