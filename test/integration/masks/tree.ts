import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterEach } from 'vitest'
import { fsPath } from '../../../src/host/bytes.ts'
import { parentOf } from '../../../src/host/paths.ts'

const cleanups: (() => void)[] = []

afterEach(() => {
  for (const one of cleanups.splice(0).toReversed()) one()
})

/** A temporary directory, resolved, removed after the test. */
export function temporary(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'agentbox-masks-')))
  cleanups.push(() => {
    execFileSync('chmod', ['-R', 'u+rwx', path])
    rmSync(path, { recursive: true })
  })
  return path
}

/** Writes files below the root; names may hold escaped bytes. */
export function write(root: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = `${root}/${name}`
    mkdirSync(fsPath(parentOf(path)), { recursive: true })
    writeFileSync(fsPath(path), content)
  }
}

export function link(root: string, name: string, target: string): void {
  mkdirSync(fsPath(parentOf(`${root}/${name}`)), { recursive: true })
  symlinkSync(fsPath(target), fsPath(`${root}/${name}`))
}

export function fifo(path: string): void {
  execFileSync('mkfifo', [path])
}

export async function socket(path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  cleanups.push(() => server.close())
}

/**
 * Runs TypeScript (its last line an expression statement that prints) as this user without any capability,
 * as an agent does in a box: to root, only so are closed directories closed. Returns what it prints.
 */
export function boxed(source: string, mounts: string[] = []): string {
  const built = buildSync({
    stdin: { contents: source, resolveDir: join(import.meta.dirname, '../../../src/masks'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  })
  const script = `${temporary()}/script.cjs`
  writeFileSync(script, built.outputFiles[0]!.text)
  const box = ['--bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--unshare-user', '--cap-drop', 'ALL']
  return execFileSync('bwrap', [...box, ...mounts, '--', process.execPath, script], { encoding: 'utf8' })
}
