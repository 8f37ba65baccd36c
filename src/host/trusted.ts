import { statSync } from 'node:fs'
import { fsPath } from './bytes.ts'

/** Why a program of the system is not to be run: others than root could have replaced it. */
export function distrust(path: string): string | undefined {
  const stat = statSync(fsPath(path), { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile()) return 'it is not a file'
  if (stat.uid !== 0) return 'it does not belong to root'
  if ((stat.mode & 0o022) !== 0) return 'others than root may write to it'
  return (stat.mode & 0o111) === 0 ? 'it is not executable' : undefined
}
