import { describe, expect, it, vi } from 'vitest'
import fc from 'fast-check'
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { fsPath } from '../../../../src/host/bytes.ts'
import { compileMatcher } from '../../../../src/masks/patterns.ts'
import { scanTree } from '../../../../src/masks/scan.ts'
import { buildMasks } from '../../../../src/masks/set.ts'
import { trackMasks, type Tracker, type TrackerInput } from '../../../../src/masks/tracker.ts'
import type { Mask } from '../../../../src/masks/types.ts'
import { temporary } from '../tree.ts'

const ORIGIN = { layer: 'user' } as const
const policy: TrackerInput['masks']['policy'] = {
  patterns: [{ value: { pattern: 'vault/' }, origin: ORIGIN }],
  except: [{ value: { pattern: '.env.test' }, origin: ORIGIN }],
  show: { value: 'keys', origin: ORIGIN },
  substitute: [],
}
const matcher = compileMatcher(policy)

function maskInput(root: string): TrackerInput['masks'] {
  const [target, source] = [`${root}/substituted.env`, `${root}/sample`]
  const substitute = [{ value: { target, source }, origin: ORIGIN }]
  return {
    matcher,
    policy: { ...policy, substitute },
    project: root,
    roots: [root],
    hidden: [`${root}/hidden`],
  }
}

function fresh(root: string): Mask[] {
  const input = maskInput(root)
  const scan = scanTree([root], { interesting: matcher.interesting, hidden: input.hidden })
  return buildMasks({ ...input, scan }).masks
}

function track(
  root: string,
  { initial = [], changed = () => {} }: { initial?: Mask[]; changed?: TrackerInput['on']['changed'] } = {},
): { tracker: Tracker; urgent: Mask[]; failures: unknown[]; missed: string[] } {
  const [urgent, failures, missed]: [Mask[], unknown[], string[]] = [[], [], []]
  const tracker = trackMasks(
    {
      masks: maskInput(root),
      on: {
        urgent: (mask) => void urgent.push(mask),
        changed,
        other: () => {},
        plain: () => {},
        missed: (reason) => void missed.push(reason),
        degraded: (reason) => void failures.push(reason),
        lost: (root) => void failures.push(root),
        failed: (error) => void failures.push(error),
      },
    },
    initial,
  )
  return { tracker, urgent, failures, missed }
}

/** Events need a turn or two of the loop; what is never told must not be waited for too long. */
async function agrees(tracker: Tracker, root: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    await new Promise((resolve) => setTimeout(resolve, tries < 20 ? 2 : 50))
    const [known, scanned] = [[...tracker.masks().values()], fresh(root)]
    if (JSON.stringify(known) === JSON.stringify(scanned)) return
    if (tries > 60) return expect(known).toEqual(scanned)
  }
}

const PATHS = [
  ...[
    'a',
    'b',
    'a/b',
    'a/b/c',
    'vault',
    '.env',
    'a/.env',
    'a/b/.env',
    'b/.env.local',
    '.env.test',
    'a/id_rsa',
  ],
  ...[
    'plain',
    'a/plain',
    'a/b/plain',
    'vault/x',
    '.env/x',
    'a/vault',
    'hidden/.env',
    '\uDCFF.env',
    'a/\uDCFE/.env',
  ],
]
const path = fc.constantFrom(...PATHS)
const operation = fc.oneof(
  fc.record({ do: fc.constant('write' as const), path }),
  fc.record({ do: fc.constant('write' as const), path }),
  fc.record({ do: fc.constant('dir' as const), path }),
  fc.record({ do: fc.constant('remove' as const), path }),
  fc.record({ do: fc.constant('move' as const), path, to: path }),
  fc.record({ do: fc.constant('replace' as const), path }),
  fc.record({ do: fc.constant('link' as const), path, to: path }),
  fc.record({ do: fc.constant('symlink' as const), path, to: path }),
  fc.record({ do: fc.constant('pause' as const) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

let count = 0
function perform(root: string, one: Operation): Promise<void> | void {
  if (one.do === 'pause') return new Promise((resolve) => setTimeout(resolve, 3))
  const at = fsPath(`${root}/${one.path}`)
  try {
    if (one.do === 'write') writeFileSync(at, `KEY${count++}=1\n`)
    if (one.do === 'dir') mkdirSync(at, { recursive: true })
    if (one.do === 'remove') rmSync(at, { recursive: true, force: true })
    if (one.do === 'replace') {
      writeFileSync(`${root}/4913`, `NEW${count++}=1\n`)
      renameSync(`${root}/4913`, at)
    }
    const to = 'to' in one ? fsPath(`${root}/${one.to}`) : ''
    if (one.do === 'move') renameSync(at, to)
    if (one.do === 'link') linkSync(at, to)
    if (one.do === 'symlink') symlinkSync(at, to)
  } catch {
    // Not possible here: so be it.
  }
}

describe('the tracked set', () => {
  it('has a secret by its own name that a link led to before the walk came there', async () => {
    const root = temporary()
    mkdirSync(`${root}/a`)
    writeFileSync(`${root}/a/.env`, 'A=1\n')
    const { tracker } = track(root)
    try {
      symlinkSync(`${root}/a/.env`, `${root}/x.env`)
      await tracker.settled()
      await agrees(tracker, root)
    } finally {
      tracker.close()
    }
  })

  it('has what a link leads to as soon as it is there, by whatever way', async () => {
    const root = temporary()
    for (const dir of ['in', 'one', 'two']) mkdirSync(`${root}/${dir}`)
    symlinkSync('in/plain', `${root}/.env`)
    symlinkSync('way/plain', `${root}/.env.way`)
    symlinkSync('one', `${root}/way`)
    writeFileSync(`${root}/two/plain`, 'B=1\n')
    const { tracker, urgent } = track(root)
    try {
      await tracker.settled()
      expect([...tracker.masks().keys()]).toEqual([])
      writeFileSync(`${root}/in/plain`, 'A=1\n')
      await agrees(tracker, root)
      expect([...tracker.masks().keys()]).toEqual([`${root}/in/plain`])
      symlinkSync('two', `${root}/new`)
      renameSync(`${root}/new`, `${root}/way`)
      await agrees(tracker, root)
      expect([...tracker.masks().keys()]).toEqual([`${root}/in/plain`, `${root}/two/plain`])
      expect(urgent.map(({ path }) => path)).toEqual(expect.arrayContaining([...tracker.masks().keys()]))
    } finally {
      tracker.close()
    }
  })

  it('covers another secret where one is masked for what it is, not for its name, at once', async () => {
    const root = temporary()
    for (const name of ['.env', 'a.env', 'substituted.env', 'new', 'sample'])
      writeFileSync(`${root}/${name}`, 'A=1\n')
    linkSync(`${root}/.env`, `${root}/linked`)
    const { tracker, urgent } = track(root)
    const covers = async (name: string, look: string): Promise<void> => {
      const one = { path: `${root}/${name}`, look: expect.objectContaining({ kind: look }) }
      await vi.waitFor(() => expect(urgent).toContainEqual(expect.objectContaining(one)), 20_000)
      urgent.length = 0
    }
    try {
      await tracker.settled()
      await agrees(tracker, root)
      urgent.length = 0
      renameSync(`${root}/new`, `${root}/substituted.env`)
      await covers('substituted.env', 'substitute')
      await agrees(tracker, root)
      linkSync(`${root}/a.env`, `${root}/new`)
      renameSync(`${root}/new`, `${root}/linked`)
      await covers('linked', 'keys')
    } finally {
      tracker.close()
    }
  })

  it('loses nothing that the first walk has yet to come to, and what is gone', async () => {
    const root = temporary()
    // Decisions come every few milliseconds, and this takes many slices of the walk.
    for (let n = 0; n < 500; n++) {
      mkdirSync(`${root}/${n}`)
      writeFileSync(`${root}/${n}/.env`, 'A=1\n')
    }
    const removed: string[] = []
    let [decisions, walking] = [0, true]
    const initial = fresh(root)
    rmSync(`${root}/499/.env`)
    const changed: TrackerInput['on']['changed'] = (delta) => {
      if (walking) decisions++
      removed.push(...delta.removed.map(({ path }) => path))
    }
    const { tracker } = track(root, { initial, changed })
    try {
      await tracker.settled()
      walking = false
      expect(decisions).toBeGreaterThan(1)
      expect(removed).toEqual([`${root}/499/.env`])
      await agrees(tracker, root)
    } finally {
      tracker.close()
    }
  })

  it('is what a fresh scan finds, whatever is done to the tree', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 30 }), async (operations) => {
        const root = temporary()
        for (const dir of ['a/b', 'hidden', 'a/\uDCFE'])
          mkdirSync(fsPath(`${root}/${dir}`), { recursive: true })
        writeFileSync(`${root}/a/.env`, 'A=1\n')
        const { tracker } = track(root)
        try {
          const half = operations.length / 2
          for (const one of operations.slice(0, half)) await perform(root, one)
          await tracker.settled()
          for (const one of operations.slice(half)) await perform(root, one)
          await agrees(tracker, root)
        } finally {
          tracker.close()
        }
      }),
      { numRuns: 200 },
    )
  })
})
