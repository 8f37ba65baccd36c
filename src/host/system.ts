/** What of the machine every box shows. Pure data. */

/** Top-level directories with programs and libraries, shown as the host has them: directory or link. */
export const systemDirs: readonly string[] = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/nix/store',
  '/run/current-system',
  '/gnu/store',
]

/**
 * The part of /etc that programs need to run. Not here: anything with keys (`ssl/private`), other users
 * (`passwd` and `group` are made up), tokens (`npmrc`, `environment`), and the shells' own start files,
 * which on Debian reset PATH in every login shell that an agent starts. Short, since every entry is a mount.
 */
export const etcEntries: readonly string[] = [
  'alternatives',
  'crypto-policies',
  'fonts',
  'gitconfig',
  'hosts',
  'java',
  'java-11-openjdk',
  'java-17-openjdk',
  'java-21-openjdk',
  'java-25-openjdk',
  'ld.so.cache',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'os-release',
  'pki/ca-trust',
  'pki/tls/certs',
  'pki/tls/cert.pem',
  'pki/tls/openssl.cnf',
  'protocols',
  'resolv.conf',
  'services',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
  'static',
  'terminfo',
  'timezone',
]

/** Parts of /proc that uid 0 may write without any capability, so a box of root's shows them read-only. */
export const procReadOnly: readonly string[] = ['/proc/sys', '/proc/sysrq-trigger']
export const procReadOnlyForRoot: readonly string[] = ['/proc/irq', '/proc/bus', '/proc/fs']

/**
 * Parts of /proc that tell about the machine or its users: empty, where this user could read them (for most of
 * them that is root).
 */
export const procHidden: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/driver',
  '/proc/dynamic_debug',
  '/proc/scsi',
  '/proc/kcore',
  '/proc/kmsg',
  '/proc/kallsyms',
  '/proc/keys',
  '/proc/key-users',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/vmallocinfo',
  '/proc/slabinfo',
  '/proc/kpagecount',
  '/proc/kpageflags',
  '/proc/kpagecgroup',
  '/proc/modules',
]
