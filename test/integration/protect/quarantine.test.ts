import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fsPath } from '../../../src/host/bytes.ts'
import {
  asidePath,
  clearAside,
  drop,
  findQuarantined,
  itemPath,
  listQuarantine,
  quarantine,
  restore,
} from '../../../src/protect/quarantine.ts'

/** On one file system, and over two: /dev/shm is one of its own everywhere. */
describe.each([
  ['the same', '/var/lib/agentbox-quarantine-'],
  ['another', '/dev/shm/agentbox-quarantine-'],
])('to %s file system', (_what, place) => {
  let [root, base, state] = ['', '', '']
  beforeEach(() => {
    base = mkdtempSync('/var/lib/agentbox-quarantine-')
    root = mkdtempSync(place)
    state = `${base}/state`
  })
  afterEach(() => {
    for (const dir of [base, root]) rmSync(dir, { recursive: true, force: true })
  })
  const move = (name: string) =>
    quarantine(state, { path: `${root}/${name}`, root, session: '1-2-3', runBy: 'somebody' })

  it('moves a file, and back', () => {
    writeFileSync(`${root}/.envrc`, 'evil\n')
    chmodSync(`${root}/.envrc`, 0o751)
    const entry = move('.envrc')!
    expect(existsSync(`${root}/.envrc`)).toBe(false)
    expect(entry).toMatchObject({ kind: 'file', mode: 0o751, path: `${root}/.envrc`, runBy: 'somebody' })
    expect(readFileSync(itemPath(state, entry)!, 'utf8')).toBe('evil\n')
    expect(listQuarantine(state)).toEqual([entry])
    restore(state, entry)
    expect(readFileSync(`${root}/.envrc`, 'utf8')).toBe('evil\n')
    expect(lstatSync(`${root}/.envrc`).mode & 0o777).toBe(0o751)
    expect(listQuarantine(state)).toEqual([])
  })

  it('keeps nobody waiting for what is too large to be copied', () => {
    mkdirSync(`${root}/.vscode`)
    writeFileSync(`${root}/.vscode/large`, '')
    truncateSync(`${root}/.vscode/large`, 1e12)
    const entry = move('.vscode')!
    expect(existsSync(`${root}/.vscode`)).toBe(false)
    const kept = itemPath(state, entry) ?? asidePath(entry)!
    expect(lstatSync(`${kept}/large`).size).toBe(1e12)
    clearAside(state)
    expect(existsSync(kept)).toBe(true)
    rmSync(kept, { recursive: true })
    expect(() => restore(state, entry)).toThrow('io')
  })

  it('takes away what is still aside when it has been copied', () => {
    writeFileSync(`${root}/.envrc`, 'evil\n')
    const entry = move('.envrc')!
    // Somebody was killed in between.
    mkdirSync(`${root}/.agentbox-quarantine-${entry.id}/deep`, { recursive: true })
    clearAside(state)
    expect(readdirSync(root)).toEqual([])
    expect(readFileSync(itemPath(state, entry)!, 'utf8')).toBe('evil\n')
  })

  it('puts back what nobody has open, under no other name', () => {
    mkdirSync(`${root}/.vscode`)
    writeFileSync(`${root}/.vscode/tasks.json`, 'good\n')
    linkSync(`${root}/.vscode/tasks.json`, `${root}/other`)
    const held = openSync(`${root}/.vscode/tasks.json`, 'a')
    try {
      restore(state, move('.vscode')!)
      writeSync(held, 'evil\n')
      appendFileSync(`${root}/other`, 'evil\n')
    } finally {
      closeSync(held)
    }
    expect(readFileSync(`${root}/.vscode/tasks.json`, 'utf8')).toBe('good\n')
  })

  it('moves a directory with all that is in it, follows nothing, and back', () => {
    mkdirSync(`${root}/.vscode/deep`, { recursive: true })
    writeFileSync(`${base}/outside`, 'host\n')
    writeFileSync(fsPath(`${root}/.vscode/deep/\uDCFF`), 'x')
    symlinkSync(`${base}/outside`, `${root}/.vscode/link`)
    symlinkSync(base, `${root}/.vscode/dirlink`)
    execFileSync('mkfifo', [`${root}/.vscode/fifo`])
    const entry = move('.vscode')!
    expect(existsSync(`${root}/.vscode`)).toBe(false)
    expect(readlinkSync(`${itemPath(state, entry)!}/link`)).toBe(`${base}/outside`)
    expect(readFileSync(`${base}/outside`, 'utf8')).toBe('host\n')
    restore(state, entry)
    expect(readFileSync(fsPath(`${root}/.vscode/deep/\uDCFF`), 'utf8')).toBe('x')
    expect(readlinkSync(`${root}/.vscode/dirlink`)).toBe(base)
  })

  it('moves a link, not what it leads to', () => {
    writeFileSync(`${base}/outside`, 'host\n')
    symlinkSync(`${base}/outside`, `${root}/.npmrc`)
    const entry = move('.npmrc')!
    expect(entry).toMatchObject({ kind: 'symlink', link: `${base}/outside` })
    expect(readFileSync(`${base}/outside`, 'utf8')).toBe('host\n')
    restore(state, entry)
    expect(readlinkSync(`${root}/.npmrc`)).toBe(`${base}/outside`)
  })

  it('takes a FIFO out of the way without waiting for it', () => {
    execFileSync('mkfifo', [`${root}/.envrc`])
    expect(move('.envrc')).toMatchObject({ kind: 'fifo' })
    expect(existsSync(`${root}/.envrc`)).toBe(false)
  })

  it('goes over no link on the way', () => {
    mkdirSync(`${base}/elsewhere`)
    writeFileSync(`${base}/elsewhere/.envrc`, 'host\n')
    symlinkSync(`${base}/elsewhere`, `${root}/dir`)
    expect(move('dir/.envrc')).toBeUndefined()
    expect(existsSync(`${base}/elsewhere/.envrc`)).toBe(true)
  })

  it.each(['file', 'directory'])('never replaces what stands there: a %s', (kind) => {
    const make = (): void => {
      if (kind === 'file') writeFileSync(`${root}/.mise`, 'planted')
      else mkdirSync(`${root}/.mise/x`, { recursive: true })
    }
    make()
    const entry = move('.mise')!
    writeFileSync(`${root}/.mise`, "the user's")
    expect(() => restore(state, entry)).toThrow('io')
    expect(readFileSync(`${root}/.mise`, 'utf8')).toBe("the user's")
    expect(listQuarantine(state)).toHaveLength(1)
    rmSync(`${root}/.mise`)
    mkdirSync(`${root}/.mise/own`, { recursive: true })
    expect(() => restore(state, entry)).toThrow('io')
    expect(existsSync(`${root}/.mise/own`)).toBe(true)
  })

  it('is found by id, path and name, the newest first, and dropped', () => {
    for (let i = 0; i < 3; i++) {
      writeFileSync(`${root}/.envrc`, `${i}`)
      move('.envrc')
    }
    const list = listQuarantine(state)
    expect(new Set(list.map(({ id }) => id)).size).toBe(3)
    expect(findQuarantined(list, '.envrc')).toBe(list[2])
    expect(findQuarantined(list, `${root}/.envrc`)).toBe(list[2])
    expect(findQuarantined(list, list[0]!.id)).toBe(list[0])
    expect(findQuarantined(list, 'nvrc')).toBeUndefined()
    for (const entry of list) drop(state, entry)
    expect(listQuarantine(state)).toEqual([])
  })

  it('says nothing about what is not there', () => {
    expect(move('.envrc')).toBeUndefined()
    expect(move('no/such/.envrc')).toBeUndefined()
    expect(listQuarantine(state)).toEqual([])
  })
})
