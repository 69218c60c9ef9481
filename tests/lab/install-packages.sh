#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the laboratory needs, as root on Debian 12.
set -eu

missing=""
need() { command -v "$1" >/dev/null || missing="$missing $2"; }
need qemu-system-x86_64 qemu-system-x86
need debootstrap debootstrap
need busybox busybox-static
need cpio cpio
need depmod kmod
need iasl acpica-tools
need ipmitool ipmitool
need gcc gcc
need make make
need mkfs.ext4 e2fsprogs
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "the laboratory needs, on Debian 12: sudo apt-get install$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
