# SPDX-License-Identifier: Apache-2.0
"""What the machine is made of: a file an interface that shows hardware, what people write of it, and the two merged."""
