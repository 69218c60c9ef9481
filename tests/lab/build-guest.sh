#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the guest: Debian 12 with its own Python packages, its own kernel, and the agent's wheel.
# usage: build-guest.sh DIR WHEEL
# leaves in DIR: vmlinuz, initramfs, root.ext4, pm.aml. What takes long is kept in $XDG_CACHE_HOME/wattprint-lab, by its
# inputs: the kernel (by its version), Debian (by the list of packages), the counter module (by kernel and source).
set -euo pipefail

LAB=$(cd "$(dirname "$0")" && pwd)
OUT=$(mkdir -p "$1" && cd "$1" && pwd)
WHEEL=$(realpath "$2")
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/wattprint-lab
# The same mirror that this machine installs from.
MIRROR=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')}
# The agent's dependencies in the versions that Debian 12 ships, which are the oldest that are promised.
PACKAGES=python3,python3-cheroot,python3-jsonschema,python3-prometheus-client,python3-psutil,python3-requests,python3-yaml
PACKAGES=$PACKAGES,ipmitool,kmod
MODULES="virtio_pci virtio_blk virtio_net crc32c_generic ext4 ipmi_si ipmi_devintf intel_rapl_common acpi_power_meter"
SITE=usr/local/lib/python3.11/dist-packages

export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$CACHE"
WORK=$(mktemp -d "$CACHE/work.XXXXXX")
trap 'rm -rf "$WORK"' EXIT

# Put a finished result into the cache, unless another run was faster.
keep() { mv -T "$1" "$2" 2>/dev/null || [ -e "$2" ]; }

fetch_kernel() {
    local to=$WORK/kernel
    mkdir -p "$to" "$WORK/debs"
    (cd "$WORK/debs" && apt-get download -qq "linux-image-$VERSION" "linux-headers-$VERSION" \
        "linux-headers-${VERSION%-amd64}-common" linux-kbuild-6.1 2>/dev/null)
    for deb in "$WORK"/debs/*.deb; do dpkg -x "$deb" "$to"; done
    depmod -b "$to" "$VERSION"
    keep "$to" "$KERNEL"
}

# The headers' makefiles name each other by where Debian installs them.
point_headers_at() {
    sed -i "s#/usr/src#$1/usr/src#g; s#/usr/lib#$1/usr/lib#g" \
        "$1/usr/src/linux-headers-$VERSION/Makefile" "$1/usr/src/linux-headers-$VERSION/.kernelvariables"
}

build_module() {
    local from=$WORK/headers
    mkdir -p "$from/usr" "$WORK/module"
    cp -a "$KERNEL/usr/src" "$KERNEL/usr/lib" "$from/usr/"
    point_headers_at "$from"
    cp "$LAB"/fakerapl/* "$WORK/module/"
    make -s -C "$from/usr/src/linux-headers-$VERSION" M="$WORK/module" modules >"$WORK/make.log" 2>&1 ||
        { cat "$WORK/make.log" >&2; exit 1; }
    keep "$WORK/module/fakerapl.ko" "$MODULE"
}

build_root() {
    debootstrap --variant=minbase --include="$PACKAGES" bookworm "$WORK/root" "$MIRROR" >"$WORK/debootstrap.log" 2>&1 ||
        { tail -20 "$WORK/debootstrap.log" >&2; exit 1; }
    rm -rf "$WORK"/root/var/cache/apt/archives/*.deb "$WORK"/root/usr/share/{doc,locale,man}/*
    truncate -s 1G "$WORK/root.ext4"
    mkfs.ext4 -q -F -O ^has_journal -d "$WORK/root" "$WORK/root.ext4"
    keep "$WORK/root.ext4" "$ROOT"
}

# Everything that changes with the project goes into the initramfs, which the guest copies over its fresh root.
build_initramfs() {
    local to=$WORK/initramfs module file
    mkdir -p "$to"/{bin,dev,proc,sys,newroot} "$to/over/lab" "$to/over/$SITE" "$to/over/usr/lib/modules/$VERSION"
    cp "$(command -v busybox)" "$to/bin/busybox"
    for module in $MODULES; do
        for file in $(modprobe -d "$KERNEL" -S "$VERSION" --show-depends "$module" | awk '/^insmod/ {print $2}'); do
            install -D -m 0644 "$file" "$to/over/usr/lib/modules/$VERSION/${file#"$KERNEL/lib/modules/$VERSION/"}"
        done
    done
    cp "$KERNEL/lib/modules/$VERSION"/modules.{builtin,builtin.modinfo,order} "$to/over/usr/lib/modules/$VERSION/"
    depmod -b "$to/over/usr" "$VERSION"
    ln -s over/usr/lib "$to/lib"
    cp "$MODULE" "$to/over/lab/fakerapl.ko"
    cp "$LAB/guest/commands.py" "$LAB/guest/init" "$to/over/lab/"
    cp "$LAB/guest/initramfs-init" "$to/init"
    chmod +x "$to/init" "$to/over/lab/init"
    python3 -m zipfile -e "$WHEEL" "$to/over/$SITE"
    python3 -m compileall -q "$to/over/$SITE" -s "$to/over" || true
    (cd "$to" && find . | cpio --quiet -o -H newc | gzip -1) >"$OUT/initramfs"
}

VERSION=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ {sub("linux-image-", "", $2); print $2}')
[[ $VERSION == 6.1.* ]] || { echo "the counter module is written for Debian 12's Linux 6.1, not for '$VERSION'" >&2; exit 1; }
KERNEL=$CACHE/kernel-$VERSION
MODULE=$CACHE/fakerapl-$VERSION-$(cat "$LAB"/fakerapl/* | sha256sum | cut -c1-16).ko
ROOT=$CACHE/root-$(sed -n '/^build_root/,/^}/p; /^PACKAGES/p' "$0" | sha256sum | cut -c1-16).ext4

[ -d "$KERNEL" ] || fetch_kernel
[ -f "$MODULE" ] || build_module
[ -f "$ROOT" ] || build_root
build_initramfs
iasl -p "$OUT/pm" "$LAB/pm.asl" >/dev/null 2>&1
ln -sf "$ROOT" "$OUT/root.ext4"
cp "$KERNEL/boot/vmlinuz-$VERSION" "$OUT/vmlinuz"
