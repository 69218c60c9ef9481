#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Boots what build-guest.sh made: two sockets, an ACPI power meter, /dev/ipmi0 answered by the BMC at BMC_PORT.
# usage: run-guest.sh DIR METRICS_PORT COMMAND_PORT [BMC_PORT]   (ports of 127.0.0.1; CPU=EPYC for AMD)
# Nothing in the guest reaches beyond itself, and its disk forgets. Always without KVM: it runs the same everywhere.
set -euo pipefail

DIR=$1
BMC=()
if [ -n "${4:-}" ]; then
    BMC=(-chardev "socket,id=ipmi0,host=127.0.0.1,port=$4,reconnect=1"
        -device ipmi-bmc-extern,id=bmc0,chardev=ipmi0 -device isa-ipmi-kcs,bmc=bmc0,ioport=0xca2)
fi
exec qemu-system-x86_64 -M q35 -accel tcg -cpu "${CPU:-Skylake-Server}" -smp 2,sockets=2 -m 512 \
    -display none -monitor none -serial stdio -no-reboot \
    -kernel "$DIR/vmlinuz" -initrd "$DIR/initramfs" -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -drive "file=$DIR/root.ext4,format=raw,if=virtio,snapshot=on" -acpitable "file=$DIR/pm.aml" \
    -nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$2-:9733,hostfwd=tcp:127.0.0.1:$3-:9734" \
    "${BMC[@]}"
