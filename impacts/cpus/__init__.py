# SPDX-License-Identifier: Apache-2.0
"""CPUs by their names: what is known of a model and of its family."""
