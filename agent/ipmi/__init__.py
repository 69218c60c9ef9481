# SPDX-License-Identifier: Apache-2.0
"""IPMI in band: messages by the kernel's device, DCMI power readings, and the sensors that measure watts.

IPMI 2.0 rev. 1.1 and DCMI 1.5, Intel et al.; https://docs.kernel.org/driver-api/ipmi.html
"""
