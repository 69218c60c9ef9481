# SPDX-License-Identifier: Apache-2.0
"""The views: figures in, bytes out, and their delivery."""
