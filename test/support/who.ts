import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Every containment holds for an ordinary user and for root. */
export type Who = 'user' | 'root'

/** Nobody's account: the box must cope with a uid that /etc/passwd does not know. */
export const USER_ID = 12345

/** The argv that runs `argv` as that user; the tests themselves run as root. */
export function as(who: Who, argv: readonly string[]): [string, ...string[]] {
  requireRoot()
  const id = String(USER_ID)
  const drop = ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', '--inh-caps=-all', '--']
  return (who === 'root' ? [...argv] : [...drop, ...argv]) as [string, ...string[]]
}

export const idOf = (who: Who): number => (who === 'root' ? 0 : USER_ID)

/** Half of the promises are about root, so a run without it would prove half and look whole. */
export function requireRoot(): void {
  if (process.getuid!() !== 0)
    throw new Error('these tests need root (npm test takes it from sudo): sudo npx vitest run --project …')
}

/** Can every user reach and execute it? /root/.nvm, for one, is closed to others. */
export function reachable(path: string): boolean {
  accessSync(path, constants.X_OK)
  if ((statSync(path).mode & 0o001) === 0) return false
  return path === '/' || reachable(dirname(path))
}
