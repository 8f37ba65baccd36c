import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { buildSync } from 'esbuild'
import { fsPath } from '../../../../src/host/bytes.ts'
import { watchTree } from '../../../../src/masks/watch/engine.ts'
import { overflowLimit } from '../../../../src/masks/watch/turn.ts'
import type { TreeWatch } from '../../../../src/masks/watch/types.ts'
import { letterOf } from '../../../support/processes.ts'
import { eventually } from '../../../support/spawn.ts'
import { temporary } from '../tree.ts'

interface Seen {
  watch: TreeWatch
  names: [string, string][]
  any: string[]
  gone: string[]
  missed: string[]
  lost: string[]
  degraded: string[]
}

let open: TreeWatch[] = []
afterEach(() => {
  for (const one of open) one.close()
  open = []
})

async function watching(root: string, hidden: string[] = []): Promise<Seen> {
  const seen: Omit<Seen, 'watch'> = { names: [], any: [], gone: [], missed: [], lost: [], degraded: [] }
  const watch = watchTree({
    roots: [root],
    hidden,
    interesting: /env/,
    on: {
      name: (path, how) => void seen.names.push([path, how]),
      any: (path) => void seen.any.push(path),
      gone: (path) => void seen.gone.push(path),
      unreadable: () => {},
      readable: () => {},
      missed: (reason) => void seen.missed.push(reason),
      degraded: (reason, count) => void seen.degraded.push(`${reason} ${count}`),
      lost: (root) => void seen.lost.push(root),
    },
  })
  open.push(watch)
  await watch.settled()
  return { watch, ...seen }
}

const names = (seen: Seen): string[] => seen.names.map(([path]) => path)

describe('the watch of a tree', () => {
  it('reports what is there, and enters what the scan enters', async () => {
    const root = temporary()
    for (const dir of ['a/b', 'node_modules/x', 'hidden/x', '.git/x', 'c'])
      mkdirSync(`${root}/${dir}`, { recursive: true })
    writeFileSync(`${root}/.git/HEAD`, 'ref: x\n')
    for (const dir of ['a/b', 'node_modules/x', 'hidden/x', '.git/x', 'c'])
      writeFileSync(`${root}/${dir}/.env`, '')
    const seen = await watching(root, [`${root}/hidden`])
    expect(names(seen).toSorted()).toEqual([`${root}/a/b/.env`, `${root}/c/.env`])
    expect(seen.watch.counts()).toEqual({ directories: 4, polled: 0 })
  })

  it.each([
    ['control characters', 'a\n\x1b[31m\x07.env'],
    ['bytes that are no text', '\uDCFF\uDC80.env'],
  ])('knows names with %s', async (_what, name) => {
    const root = temporary()
    const seen = await watching(root)
    mkdirSync(fsPath(`${root}/${name}-dir`))
    writeFileSync(fsPath(`${root}/${name}-dir/${name}`), '')
    expect(await eventually(() => names(seen).includes(`${root}/${name}-dir/${name}`))).toBe(true)
  })

  it('follows a directory that is moved, and forgets one that went away', async () => {
    const root = temporary()
    mkdirSync(`${root}/a/b`, { recursive: true })
    const seen = await watching(root)
    renameSync(`${root}/a`, `${root}/z`)
    expect(await eventually(() => seen.gone.includes(`${root}/a`))).toBe(true)
    await seen.watch.settled()
    writeFileSync(`${root}/z/b/.env`, '')
    expect(await eventually(() => names(seen).includes(`${root}/z/b/.env`))).toBe(true)
    expect(names(seen)).not.toContain(`${root}/a/b/.env`)
    rmSync(`${root}/z`, { recursive: true })
    expect(await eventually(() => seen.watch.counts().directories === 1)).toBe(true)
  })

  it('says so when the root itself goes away', async () => {
    const root = `${temporary()}/root`
    mkdirSync(root)
    const seen = await watching(root)
    renameSync(root, `${root}2`)
    expect(await eventually(() => seen.lost.length > 0)).toBe(true)
    renameSync(`${root}2`, root)
  })

  it('misses nothing in a storm of new directories', async () => {
    const root = temporary()
    const seen = await watching(root)
    const script = `i=0; while [ $i -lt 100 ]; do mkdir -p ${root}/d$i/e/f; : > ${root}/d$i/e/f/new; mv ${root}/d$i/e/f/new ${root}/d$i/e/f/.env; i=$((i+1)); done`
    execFileSync('sh', ['-c', script])
    const missing = (): string[] => {
      const known = new Set(names(seen))
      return Array.from({ length: 100 }, (_, i) => `${root}/d${i}/e/f/.env`).filter(
        (path) => !known.has(path),
      )
    }
    await eventually(() => missing().length === 0)
    expect(missing()).toEqual([])
  })

  /** The storm happens while we do not look: the kernel's queue fills and drops the rest. */
  it.each(['files', 'a directory that is moved away meanwhile', 'many directories'])(
    'always notices that the kernel dropped events: %s',
    async (what) => {
      const root = temporary()
      const seen = await watching(root)
      const dirs = what === 'many directories' ? 50 : 1
      for (let i = 0; i < dirs; i++) mkdirSync(`${root}/d${i}`)
      expect(await eventually(() => seen.watch.counts().directories === dirs + 1)).toBe(true)
      // Known is not watched yet: on a busy machine some wait for their turn.
      await seen.watch.settled()
      const away = what.startsWith('a directory') ? `${temporary()}/d` : `${root}/d`
      // The queue is full before the last line, whose event is lost.
      const script = `
        if ('${away}' !== '${root}/d') fs.renameSync('${root}/d0', '${away}0')
        for (let i = 0; i < ${overflowLimit() + 100}; i++) {
          const file = '${away}' + (i % ${dirs}) + '/f' + i
          fs.writeFileSync(file, '')
          fs.rmSync(file)
        }
        fs.writeFileSync('${root}/.env', '')`
      spawnSync(process.execPath, ['-e', script])
      expect(await eventually(() => seen.missed.length > 0)).toBe(true)
      await seen.watch.rescan()
      expect(names(seen)).toContain(`${root}/.env`)
    },
  )

  it('gives others their turn while one process makes events without end', async () => {
    const root = temporary()
    const seen = await watching(root)
    const storm = spawnStorm(root)
    try {
      expect(await eventually(() => seen.any.length > 0)).toBe(true)
      for (let turns = 0; turns < 6; turns++) await new Promise((r) => setTimeout(r, 1))
      writeFileSync(`${root}/late.env`, '')
      expect(await eventually(() => names(seen).includes(`${root}/late.env`))).toBe(true)
      // All of that while it goes on.
      expect(letterOf(storm.pid!)).not.toBe('Z')
    } finally {
      storm.kill('SIGKILL')
    }
  })

  it('gives others their turn while several processes rename directories without end', async () => {
    const root = temporary()
    for (const one of ['a', 'b', 'c', 'd'])
      for (let count = 0; count < 200; count++) mkdirSync(`${root}/${one}/d/${count}`, { recursive: true })
    const seen = await watching(root)
    const storms = ['a', 'b', 'c', 'd'].map((one) =>
      spawnStorm(`${root}/${one}`, "fs.renameSync('d', 'e'); fs.renameSync('e', 'd')"),
    )
    try {
      expect(await eventually(() => seen.gone.length > 0)).toBe(true)
      for (let turns = 0; turns < 8; turns++) await new Promise((r) => setTimeout(r, 1))
      expect(storms.map(({ pid }) => letterOf(pid!))).not.toContain('Z')
    } finally {
      for (const storm of storms) storm.kill('SIGKILL')
    }
  })
})

function spawnStorm(cwd: string, step = "fs.writeFileSync('f', ''); fs.rmSync('f')"): ChildProcess {
  const script = `for (const end = Date.now() + 60000; Date.now() < end;) { ${step} }`
  return spawn(process.execPath, ['-e', script], { cwd })
}

describe('where inotify cannot serve', () => {
  it('looks again and again, and says so', async () => {
    const dir = temporary()
    const script = `${dir}/watch.cjs`
    const source = `
      import { watchTree } from './src/masks/watch/engine.ts'
      import { writeFileSync, mkdirSync } from 'node:fs'
      const root = '${dir}/tree'
      const found = [], said = []
      const none = () => {}
      const watch = watchTree({ roots: [root], interesting: /env/, on: {
        name: (path) => found.push(path), any: none, gone: none, unreadable: none, readable: none,
        missed: none, lost: none, degraded: (reason) => said.push(reason) } })
      const hold = setInterval(none, 100)
      watch.settled().then(async () => {
        await new Promise((r) => setTimeout(r, 500))
        const took = []
        for (let round = 0; round < 4; round++) {
          const [began, late] = [Date.now(), root + '/d30/late-' + round + '.env']
          writeFileSync(late, '')
          while (!found.includes(late) && Date.now() - began < 20000) await new Promise((r) => setTimeout(r, 10))
          took.push(Date.now() - began)
        }
        console.log(JSON.stringify({ said, counts: watch.counts(), found, took }))
        watch.close()
        clearInterval(hold)
      })`
    const built = buildSync({
      stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: script,
    })
    expect(built.errors).toEqual([])
    for (let i = 0; i < 40; i++) mkdirSync(`${dir}/tree/d${i}`, { recursive: true })
    expect(existsSync('/proc/sys/user/max_inotify_watches')).toBe(true)
    const shell = `echo 20 > /proc/sys/user/max_inotify_watches && exec ${process.execPath} ${script}`
    const done = spawnSync('unshare', ['-Ur', 'sh', '-c', shell], { encoding: 'utf8', timeout: 120_000 })
    const { said, counts, found, took } = JSON.parse(done.stdout)
    expect(said[0]).toMatch(/max_user_watches/)
    expect(counts.directories).toBe(41)
    expect(counts.polled).toBeGreaterThan(15)
    expect(found).toContain(`${dir}/tree/d30/late-3.env`)
    // One of several rounds is enough: a machine that does much else may be late with the others.
    expect(Math.min(...took)).toBeLessThan(2500)
  })
})
