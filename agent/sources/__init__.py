# SPDX-License-Identifier: Apache-2.0
"""What a server can be asked about its power: a file an interface, and the table of them all."""
