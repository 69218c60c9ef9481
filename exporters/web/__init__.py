# SPDX-License-Identifier: Apache-2.0
"""The landing page and the metrics over HTTP."""
