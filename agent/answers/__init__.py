# SPDX-License-Identifier: Apache-2.0
"""Questions that need no running agent: keep or replace, and the factor of a subject."""
