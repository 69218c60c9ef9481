# SPDX-License-Identifier: Apache-2.0
"""How snapshots reach those who want them: a file a way, and the table of them all."""
