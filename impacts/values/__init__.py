# SPDX-License-Identifier: Apache-2.0
"""Values: units, estimates with bounds and grounds, and derivations that can be redone by hand."""
