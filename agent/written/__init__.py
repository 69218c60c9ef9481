# SPDX-License-Identifier: Apache-2.0
"""What people write for the agent: the config file, instruments and residual mixes, with one line for each mistake."""
