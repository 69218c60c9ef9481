# SPDX-License-Identifier: Apache-2.0
"""Market-based Scope 2: instruments, the residual mix, and the working paper."""
