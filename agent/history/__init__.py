# SPDX-License-Identifier: Apache-2.0
"""The history on the disk: its file and tables, who writes it and who reads it."""
