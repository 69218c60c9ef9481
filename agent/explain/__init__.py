# SPDX-License-Identifier: Apache-2.0
"""Working papers of published figures, down to dataset rows and readings."""
