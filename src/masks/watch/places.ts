import { statfsSync } from 'node:fs'
import { fsPath } from '../../host/bytes.ts'

/**
 * File systems on which inotify does not hear of every change: another machine, or Windows, makes it. By
 * the number that statfs tells (linux/magic.h and the file systems' own headers).
 */
const UNHEARD: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9p (a WSL mount of Windows, or a virtual machine)'],
  [0x65735546, 'FUSE'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x73757245, 'Coda'],
  [0x786f4256, 'a VirtualBox shared folder'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
])

/** The name of such a file system, if the path is on one. */
export function unheardFileSystem(path: string): string | undefined {
  try {
    return UNHEARD.get(statfsSync(fsPath(path)).type >>> 0)
  } catch {
    return undefined
  }
}
