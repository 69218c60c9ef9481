#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian leaves the venv module out of python3: install it where that can be done, else say how.
set -eu

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "python3 has no venv module; install it (Debian: sudo apt-get install python3-venv) and call make again" >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
