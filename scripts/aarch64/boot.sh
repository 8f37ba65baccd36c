#!/bin/busybox sh
# The first program of the emulated machine. Debian's kernel has its disks' driver as modules: hence this step.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_mmio virtio_blk; do $b insmod /modules/$module.ko; done
$b mount -t ext4 LABEL=base /new || $b poweroff -f
$b mount --move /dev /new/dev
exec $b switch_root /new /init "$@"
