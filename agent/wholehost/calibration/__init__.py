# SPDX-License-Identifier: Apache-2.0
"""What an inlet meter teaches of the fast channels: a regression that goes on where the meter is slow, late or silent."""
