#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes the README's picture: the landing page of a captured server, in Chromium.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'kill "$agent" 2>/dev/null; rm -rf "$work"' EXIT

printf 'location: DE\n' > "$work/config.yaml"
.venv/bin/wattprint run --root tests/hosts/acpi-power-meter --listen 127.0.0.1:0 \
    --config "$work/config.yaml" > "$work/output" &
agent=$!
until grep -q problems "$work/output"; do sleep 0.2; done
address=$(sed -n 's#.*\(http://[^/]*/\) .*#\1#p' "$work/output" | head -n 1)
.venv/bin/python docs/screenshot.py "$address" docs/landing-page.png --height 1150
