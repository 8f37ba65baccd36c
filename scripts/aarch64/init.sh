#!/bin/bash
# Pid 1 of the emulated machine: lays out what a running system has, runs the tests that it is called with, and says
# how they ended.
export PATH=/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 TERM=dumb CI=1 NO_COLOR=1 SLOWNESS=10
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup /sys/fs/cgroup
echo +memory +pids >/sys/fs/cgroup/cgroup.subtree_control
mkdir /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for place in /tmp /run /dev/shm; do mount -t tmpfs -o mode=1777 tmpfs $place; done
ip link set lo up
# Where others have the processor of the host, this one stands still for long.
echo 60 >/proc/sys/kernel/watchdog_thresh
mount LABEL=checkout /opt/agentbox
cd /opt/agentbox
echo "$(uname -srm), $(bwrap --version), node $(node --version)"
# One process for all files: where the host is busy, the time that vitest gives a new one to start is too short.
# Through a pipe: for a terminal the report is drawn again and again.
node node_modules/vitest/vitest.mjs run --maxWorkers 1 --no-isolate --reporter verbose "$@" 2>&1 | cat
echo "ended: ${PIPESTATUS[0]}"
echo o >/proc/sysrq-trigger
sleep 60
