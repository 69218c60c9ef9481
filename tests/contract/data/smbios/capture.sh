#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Captures what a real Linux shows of the SMBIOS tables that QEMU and SeaBIOS made: one folder for each guest below.
# usage: capture.sh VMLINUZ   (any Linux for x86-64 with a serial console built in; needs QEMU and a static busybox)
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TESTS=$HERE/../../..
KERNEL=$1
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

build_initramfs() {
    mkdir -p "$WORK"/root/{bin,sys}
    cp "$(command -v busybox)" "$WORK/root/bin/busybox"
    cat >"$WORK/root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t sysfs sysfs /sys
for file in smbios_entry_point DMI; do
    echo "BEGIN $file"
    /bin/busybox base64 /sys/firmware/dmi/tables/$file
    echo "END $file"
done
/bin/busybox poweroff -f
INIT
    chmod +x "$WORK/root/init"
    (cd "$WORK/root" && find . | cpio --quiet -o -H newc | gzip -1) >"$WORK/initramfs"
}

# capture NAME QEMU-ARGUMENTS...
capture() {
    local name=$1 file
    shift
    qemu-system-x86_64 -accel tcg -nodefaults -display none -serial stdio -no-reboot -kernel "$KERNEL" \
        -initrd "$WORK/initramfs" -append "console=ttyS0 quiet panic=-1 mitigations=off" "$@" >"$WORK/console"
    mkdir -p "$HERE/$name"
    for file in smbios_entry_point DMI; do
        tr -d '\r' <"$WORK/console" | sed -n "/^BEGIN $file\$/,/^END $file\$/p" | sed '1d;$d' | base64 -d >"$HERE/$name/$file"
    done
    echo "$name: $(stat -c %s "$HERE/$name/DMI") bytes"
}

# files NAME: QEMU's arguments for each structure of a server of smbios_servers.py
files() {
    mkdir "$WORK/$1"
    PYTHONPATH=$TESTS python3 "$TESTS/smbios_servers.py" "$1" "$WORK/$1"
    printf -- '-smbios file=%s ' "$WORK/$1"/*
}

build_initramfs

# What QEMU says by itself: SMBIOS 2.8, and what SeaBIOS wrote for the machines of old, SMBIOS 2.4.
capture q35 -M q35 -smp 4,sockets=2,cores=2 -m 512
capture i440fx-old -M pc-i440fx-2.0 -smp 2 -m 512

# SMBIOS 3.0, four sockets, memory in three modules.
capture q35-smbios3 -M q35,smbios-entry-point-type=64,memory-backend=modules -smp 8,sockets=4,cores=2 -m 40G \
    -object memory-backend-ram,id=modules,size=40G,reserve=off

# A server's names.
capture q35-named -M q35 -smp 2,sockets=2 -m 512 \
    -smbios "type=1,manufacturer=Supermicro,product=SYS-6029BT-HNC0R,serial=removed" \
    -smbios "type=2,manufacturer=Supermicro,product=X11DPT-B,serial=removed" \
    -smbios "type=3,manufacturer=Supermicro,serial=removed" \
    -smbios "type=4,sock_pfx=CPU,manufacturer=Intel(R) Corporation,version=Intel(R) Xeon(R) Gold 6226 CPU @ 2.70GHz,max-speed=4000,current-speed=2700" \
    -smbios "type=17,loc_pfx=P1-DIMMA,bank=P0_Node0,manufacturer=Samsung,part=M393A4K40DB3-CWE  ,speed=3200,serial=removed"

# Whole servers, by the firmware's own road: QEMU hands the structures to SeaBIOS, which puts them into the table.
# It insists on as many sockets as it has.
# shellcheck disable=SC2046 # words
capture firmware-two-socket-rack -M q35 -smp 2,sockets=2 -m 256 $(files two_socket_rack)
# shellcheck disable=SC2046
capture firmware-altra -M q35,smbios-entry-point-type=64 -smp 2,sockets=2 -m 256 $(files altra)
# shellcheck disable=SC2046
capture firmware-twin-node -M q35,smbios-entry-point-type=64 -smp 1 -m 256 $(files twin_node)
