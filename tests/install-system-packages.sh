#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests use besides Python, where that can be done: as root on Debian. Elsewhere the tests that
# need them skip with a line that says what to install.
set -eu

missing=""
command -v prometheus-node-exporter >/dev/null || missing="$missing prometheus-node-exporter"
command -v promtool >/dev/null || missing="$missing prometheus"
command -v chromium >/dev/null || missing="$missing chromium"
command -v chromedriver >/dev/null || missing="$missing chromium-driver"
PATH=$PATH:/usr/sbin:/sbin command -v dmidecode >/dev/null || missing="$missing dmidecode"
command -v strace >/dev/null || missing="$missing strace"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "some tests will skip; to run them: apt-get install$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
