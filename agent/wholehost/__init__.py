# SPDX-License-Identifier: Apache-2.0
"""What the whole host draws at its power supplies' inlets: which channels make it up, and the model of the rest."""
