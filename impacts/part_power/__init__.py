# SPDX-License-Identifier: Apache-2.0
"""The power of parts by what is known of them: cards, controllers, drives, memory, and the loss of power supplies."""
