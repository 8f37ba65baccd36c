import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, test } from 'vitest'
import { AgentboxError, type Problem } from '../../../src/errors.ts'
import { fsPath } from '../../../src/host/bytes.ts'
import type { LinkCache } from '../../../src/masks/found.ts'
import { compileMatcher } from '../../../src/masks/patterns.ts'
import { scanTree } from '../../../src/masks/scan.ts'
import { buildMasks, decideAlone, type MaskSet } from '../../../src/masks/set.ts'
import type { MaskRules } from '../../../src/policy/types.ts'
import { boxed, fifo, link, socket, temporary, write } from './tree.ts'

interface Options {
  show?: 'empty' | 'keys' | 'deny'
  patterns?: string[]
  except?: string[]
  substitute?: [target: string, source: string][]
  roots?: string[]
  hidden?: string[]
  shownSources?: string[]
  links?: LinkCache
}

function masksOf(root: string, options: Options = {}): MaskSet {
  const origin = { layer: 'repo', file: `${root}/.agentboxrc`, line: 7 } as const
  const rules = (list: string[] = []) => list.map((pattern) => ({ value: { pattern, base: root }, origin }))
  const policy: MaskRules = {
    patterns: rules(options.patterns),
    except: rules(options.except),
    show: { value: options.show ?? 'empty', origin },
    substitute: (options.substitute ?? []).map(([target, source]) => ({
      value: { target: `${root}/${target}`, source: `${root}/${source}` },
      origin,
    })),
  }
  const matcher = compileMatcher(policy)
  const roots = [root, ...(options.roots ?? [])]
  const { hidden, shownSources, links } = options
  const scan = scanTree(roots, { interesting: matcher.interesting, hidden })
  return buildMasks({ scan, matcher, policy, project: root, roots, hidden, shownSources, links })
}

/** `path look by via`, relative to the root. */
function lines(root: string, options: Options = {}): string[] {
  return masksOf(root, options).masks.map(({ path, look, reason }) =>
    [path, look.kind, reason.by, reason.via]
      .filter((one) => one !== undefined)
      .join(' ')
      .replaceAll(`${root}/`, ''),
  )
}

function problemOf(action: () => unknown): Problem {
  try {
    action()
  } catch (error) {
    if (error instanceof AgentboxError) return error.problem
    throw error
  }
  throw new Error('nothing was refused')
}

describe('what is masked', () => {
  test('every kind of thing, sorted', async () => {
    const root = temporary()
    write(root, { 'b/.env': '', 'a.env': '', '.aws/credentials': '', 'README.md': '', '.env.example': '' })
    fifo(`${root}/c.env`)
    await socket(`${root}/d.env`)
    expect(lines(root)).toEqual([
      '.aws directory name',
      'a.env empty name',
      'b/.env empty name',
      'c.env empty name',
      'd.env empty name',
    ])
    expect(lines(root, { show: 'deny' })).toEqual([
      '.aws directory name',
      'a.env deny name',
      'b/.env deny name',
      'c.env deny name',
      'd.env deny name',
    ])
    expect(masksOf(root).masks.map(({ entry }) => entry)).toEqual([
      'directory',
      'file',
      'file',
      'fifo',
      'socket',
    ])
  })

  test('names of any bytes', () => {
    const root = temporary()
    const odd = [
      ' x/.env',
      '.ENV',
      'a b.env',
      'b\n.env',
      'c\udcff/.env\udcfe',
      '\u{1f600}.env',
      '$(x).env',
      '-rf.env',
    ]
    write(root, Object.fromEntries(odd.map((name) => [name, ''])))
    expect(masksOf(root).masks.map(({ path }) => path.slice(root.length + 1))).toEqual(
      odd.toSorted((a, b) => (a < b ? -1 : 1)),
    )
  })

  test('nothing inside a masked or hidden directory', () => {
    const root = temporary()
    write(root, { '.env/.env': '', '.env/deep/server.key': '', 'hidden/.env': '', '.envx': '' })
    expect(lines(root, { hidden: [`${root}/hidden`] })).toEqual(['.env directory name', '.envx empty name'])
  })

  test('a file that its owner may not read', () => {
    const root = temporary()
    write(root, { '.env': 'A=1' })
    chmodSync(`${root}/.env`, 0)
    expect(lines(root)).toEqual(['.env empty name'])
  })

  test('the policy’s patterns and exceptions', () => {
    const root = temporary()
    write(root, { 'a.tfvars': '', '.env.test': '', '.env': '' })
    expect(lines(root, { patterns: ['*.tfvars'], except: ['.env.test'] })).toEqual([
      '.env empty name',
      'a.tfvars empty name',
    ])
    expect(masksOf(root, { patterns: ['*.tfvars'] }).masks.at(-1)?.reason).toMatchObject({
      pattern: '*.tfvars',
      origin: { layer: 'repo', line: 7 },
    })
  })

  test('what changed since the scan counts as it is now', () => {
    const root = temporary()
    write(root, { '.env': '', 'gone.env': '', target: '' })
    const { interesting } = compileMatcher({ patterns: [], except: [] })
    const matcher = compileMatcher({ patterns: [], except: [] })
    const scan = scanTree([root], { interesting })
    rmSync(`${root}/gone.env`)
    rmSync(`${root}/.env`)
    link(root, '.env', 'target')
    const policy: MaskRules = {
      patterns: [],
      except: [],
      substitute: [],
      show: { value: 'empty', origin: { layer: 'built-in' } },
    }
    const { masks } = buildMasks({ scan, matcher, policy, project: root, roots: [root] })
    expect(masks.map(({ path, reason }) => [path, reason.by])).toEqual([[`${root}/target`, 'symlink-target']])
  })
})

describe('symlinks', () => {
  test('the end of the chain is masked, not the links', () => {
    const root = temporary()
    write(root, { 'deep/real.txt': '', 'conf/two': '' })
    link(root, '.env', 'one')
    link(root, 'one', 'conf/three')
    link(root, 'conf/three', '../deep/real.txt')
    expect(lines(root)).toEqual(['deep/real.txt empty symlink-target .env'])
  })

  test('a link through a linked directory leads to the real path', () => {
    const root = temporary()
    write(root, { 'real/x': '' })
    link(root, 'alias', 'real')
    link(root, '.env', 'alias/x')
    expect(lines(root)).toEqual(['real/x empty symlink-target .env'])
  })

  test('a link to a directory masks it, also for patterns of directories', () => {
    const root = temporary()
    write(root, { 'infra/aws/credentials': '', 'node_modules/x/y': '' })
    link(root, '.aws', 'infra/aws')
    link(root, '.env', 'node_modules/x/y')
    expect(lines(root)).toEqual([
      'infra/aws directory symlink-target .aws',
      'node_modules/x/y empty symlink-target .env',
    ])
  })

  test('dangling, circular, leading out: nothing to mask, nothing to say', () => {
    const root = temporary()
    const outside = temporary()
    write(outside, { secret: '' })
    link(root, '.env', 'nowhere')
    link(root, 'a.env', 'b.env')
    link(root, 'b.env', 'a.env')
    link(root, 'c.env', `${outside}/secret`)
    expect(masksOf(root)).toEqual({ masks: [], warnings: [] })
    expect(lines(root, { roots: [outside] })).toEqual([`${outside}/secret empty symlink-target c.env`])
  })

  test('a link to a directory that holds it masks nothing, and says so', () => {
    const root = temporary()
    write(root, { 'a/x': '' })
    link(root, 'a/.env', '.')
    link(root, 'a/b.env', '..')
    const { masks, warnings } = masksOf(root)
    expect(masks).toEqual([])
    expect(warnings).toHaveLength(2)
  })

  test('a link to a file that may be read by its own name masks nothing', () => {
    const root = temporary()
    write(root, { '.env.example': '' })
    link(root, '.env', '.env.example')
    expect(lines(root)).toEqual([])
  })

  test('a name by its own beats one by link', () => {
    const root = temporary()
    write(root, { 'z.env': '' })
    link(root, '.env', 'z.env')
    expect(lines(root)).toEqual(['z.env empty symlink-target .env'])
    expect(masksOf(root).masks).toHaveLength(1)
  })
})

describe('hard links', () => {
  test('all names of the file are masked, in vendored trees, in .git and under an excepted name', () => {
    const root = temporary()
    write(root, { '.env': 'A=1', 'node_modules/p/x': '', '.git/HEAD': '', 'src/y': '' })
    for (const name of ['notes.txt', 'node_modules/p/copy', '.git/copy', '.env.example', 'src/\udcffx'])
      linkSync(`${root}/.env`, fsPath(`${root}/${name}`))
    expect(lines(root)).toEqual([
      '.env empty name',
      '.env.example empty hard-link .env',
      '.git/copy empty hard-link .env',
      'node_modules/p/copy empty hard-link .env',
      'notes.txt empty hard-link .env',
      'src/\udcffx empty hard-link .env',
    ])
  })

  test('of files in a masked directory, and of the target of a link', () => {
    const root = temporary()
    write(root, { '.aws/deep/credentials': '', real: '' })
    linkSync(`${root}/.aws/deep/credentials`, `${root}/copy`)
    linkSync(`${root}/real`, `${root}/other`)
    link(root, '.env', 'real')
    expect(lines(root)).toEqual([
      '.aws directory name',
      'copy empty hard-link .aws/deep/credentials',
      'other empty hard-link real',
      'real empty symlink-target .env',
    ])
  })

  test('across roots, one inside the other', () => {
    const root = temporary()
    const outside = temporary()
    write(root, { '.env': '', 'in/x': '' })
    linkSync(`${root}/.env`, `${outside}/copy`)
    linkSync(`${root}/.env`, `${root}/in/copy`)
    expect(lines(root, { roots: [outside, `${root}/in`] }).toSorted()).toEqual(
      ['.env empty name', `${outside}/copy empty hard-link .env`, 'in/copy empty hard-link .env'].toSorted(),
    )
  })

  test('are found anew when there are more, or others, than what is remembered', () => {
    const root = temporary()
    write(root, { '.env': '', '.git/HEAD': '' })
    linkSync(`${root}/.env`, `${root}/.git/one`)
    const links: LinkCache = { found: [] }
    const names = (): string[] =>
      masksOf(root, { links }).masks.map(({ path }) => path.slice(root.length + 1))
    expect(names()).toEqual(['.env', '.git/one'])
    linkSync(`${root}/.env`, `${root}/.git/two`)
    expect(names()).toEqual(['.env', '.git/one', '.git/two'])
    renameSync(`${root}/.git/two`, `${root}/.git/three`)
    write(root, { '.git/two': 'another file' })
    expect(names()).toEqual(['.env', '.git/one', '.git/three'])
  })

  test('names outside the roots do not matter', () => {
    const root = temporary()
    const outside = temporary()
    write(root, { '.env': '' })
    linkSync(`${root}/.env`, `${outside}/copy`)
    expect(lines(root)).toEqual(['.env empty name'])
  })
})

describe('show: keys', () => {
  test('names without values, with a header that says whose rule it is', () => {
    const root = temporary()
    write(root, { '.env': 'API_KEY=hunter2\n' })
    expect(masksOf(root, { show: 'keys' }).masks[0]?.look).toEqual({
      kind: 'keys',
      text: '# agentbox: names only, the values are hidden (masks.patterns ".env*", built in; show: keys, .agentboxrc:7)\nAPI_KEY=\n',
    })
  })

  test('only for dotenv files that can be shown safely', () => {
    const root = temporary()
    write(root, {
      '.envrc': 'export A=1',
      'server.key': 'A=1',
      'x.tfvars': 'A=1',
      'nul.env': 'A=1\0',
      'big.env': `A=${'x'.repeat(1 << 20)}`,
    })
    writeFileSync(`${root}/latin.env`, Buffer.from([0x41, 0x3d, 0xe9]))
    fifo(`${root}/fifo.env`)
    const looks = masksOf(root, { show: 'keys', patterns: ['*.tfvars'] }).masks.map(({ look }) => look.kind)
    expect(looks).toEqual(Array.from({ length: 7 }, () => 'empty'))
  })

  test('of no other file than the one that was seen', () => {
    const root = temporary()
    write(root, { '.env': 'API_KEY=1\n', new: 'OTHER_KEY=1\n' })
    const policy: MaskRules = {
      patterns: [],
      except: [],
      substitute: [],
      show: { value: 'keys', origin: { layer: 'built-in' } },
    }
    const rules = { matcher: compileMatcher(policy), policy, project: root, roots: [root] }
    const seen = lstatSync(`${root}/.env`, { bigint: true })
    const lookOf = () => decideAlone(rules, `${root}/.env`, seen).map(({ look }) => look.kind)
    expect(lookOf()).toEqual(['keys'])
    renameSync(`${root}/new`, `${root}/.env`)
    expect(lookOf()).toEqual(['empty'])
  })

  test('through links, by the name that matches', () => {
    const root = temporary()
    write(root, { 'real.txt': 'API_KEY=hunter2' })
    link(root, '.env', 'real.txt')
    linkSync(`${root}/real.txt`, `${root}/copy`)
    expect(lines(root, { show: 'keys' })).toEqual([
      'copy keys hard-link real.txt',
      'real.txt keys symlink-target .env',
    ])
  })
})

describe('substitute', () => {
  test('another file of the project stands in', () => {
    const root = temporary()
    write(root, { '.env': 'A=1', '.env.agent': 'A=fake', 'plain.conf': '' })
    const { masks, warnings } = masksOf(root, {
      substitute: [
        ['.env', '.env.agent'],
        ['plain.conf', '.env.agent'],
      ],
    })
    const { dev, ino } = lstatSync(`${root}/.env.agent`)
    expect(warnings).toEqual([])
    expect(masks.map(({ path, look, reason }) => [path, look, reason.by, reason.pattern])).toEqual([
      [
        `${root}/.env`,
        { kind: 'substitute', source: `${root}/.env.agent`, identity: { dev: `${dev}`, ino: `${ino}` } },
        'substitute',
        '.env',
      ],
      [
        `${root}/plain.conf`,
        { kind: 'substitute', source: `${root}/.env.agent`, identity: { dev: `${dev}`, ino: `${ino}` } },
        'substitute',
        'plain.conf',
      ],
    ])
  })

  test('through a link, and with other names of the same file masked', () => {
    const root = temporary()
    write(root, { real: '', '.env.agent': '' })
    link(root, '.env', 'real')
    linkSync(`${root}/real`, `${root}/copy`)
    expect(lines(root, { substitute: [['.env', '.env.agent']] })).toEqual([
      'copy empty hard-link real',
      'real substitute substitute',
    ])
  })

  test('a target that does not exist is only mentioned', () => {
    const root = temporary()
    write(root, { '.env.agent': '' })
    const { masks, warnings } = masksOf(root, { substitute: [['.env', '.env.agent']] })
    expect(masks).toEqual([])
    expect(warnings[0]).toMatch(/\.env does not exist/)
  })

  test('a target in a masked directory is mentioned', () => {
    const root = temporary()
    write(root, { '.aws/config': '', 'agent.conf': '' })
    const { masks, warnings } = masksOf(root, { substitute: [['.aws/config', 'agent.conf']] })
    expect(masks.map(({ look }) => look.kind)).toEqual(['directory'])
    expect(warnings[0]).toMatch(/inside a directory/)
  })

  test('a source that is masked by name, if that was granted, but not through a link', () => {
    const root = temporary()
    write(root, { '.env': '', '.env.prod': '', 'a.env': '' })
    link(root, 'link.env', 'a.env')
    const granted = (source: string) => ({
      substitute: [['.env', source]] as [string, string][],
      shownSources: [`${root}/${source}`],
    })
    expect(lines(root, granted('.env.prod'))).toContain('.env substitute substitute')
    expect(problemOf(() => masksOf(root, granted('link.env')))).toMatchObject({ code: 'policy-invalid' })
  })

  test('a source that is another secret too, whatever was granted', () => {
    const root = temporary()
    write(root, { '.env': '', id_rsa: '' })
    linkSync(`${root}/id_rsa`, `${root}/sample`)
    const options = {
      substitute: [['.env', 'sample']] as [string, string][],
      shownSources: [`${root}/sample`],
    }
    expect(problemOf(() => masksOf(root, options))).toMatchObject({ code: 'policy-invalid' })
  })

  const REFUSED: [string, (root: string, outside: string) => [string, string], RegExp][] = [
    ['a source that does not exist', () => ['.env', 'none'], /does not exist/],
    ['a source that is a directory', () => ['.env', 'dir'], /not a regular file/],
    ['a source that is a FIFO', (root) => (fifo(`${root}/fifo`), ['.env', 'fifo']), /not a regular file/],
    [
      'a source outside by a link',
      (root, outside) => (link(root, 'out', `${outside}/secret`), ['.env', 'out']),
      /not inside/,
    ],
    ['a source that is masked', () => ['.env', '.env.prod'], /masked or hidden itself/],
    [
      'a source that is masked by its inode',
      (root) => (linkSync(`${root}/.env.prod`, `${root}/innocent`), ['.env', 'innocent']),
      /masked or hidden itself/,
    ],
    [
      'a source that a masked link leads to',
      (root) => (link(root, 'x.env', 'plain'), ['.env', 'plain']),
      /masked or hidden itself/,
    ],
    ['a source in a masked directory', () => ['.env', '.aws/x'], /masked or hidden itself/],
    ['a source in a hidden directory', () => ['.env', 'hidden/x'], /masked or hidden itself/],
    ['itself', () => ['.env', '.env'], /itself/],
    ['a target that is a directory', () => ['dir', 'plain'], /not a regular file/],
    [
      'a target outside by a link',
      (root, outside) => (link(root, 'out', `${outside}/secret`), ['out', 'plain']),
      /not inside/,
    ],
  ]
  test.each(REFUSED)('refuses %s', (_, prepare, expected) => {
    const root = temporary()
    const outside = temporary()
    write(outside, { secret: '' })
    write(root, { '.env': '', '.env.prod': '', 'dir/x': '', plain: '', '.aws/x': '', 'hidden/x': '' })
    const pair = prepare(root, outside)
    const problem = problemOf(() => masksOf(root, { substitute: [pair], hidden: [`${root}/hidden`] }))
    expect(problem).toMatchObject({
      code: 'policy-invalid',
      issues: [{ line: 7, key: 'masks.substitute', problem: expect.stringMatching(expected) }],
    })
  })
})

describe('what could not be searched', () => {
  const run = (root: string): string =>
    boxed(`
      import { buildMasks } from './set.ts'
      import { scanTree } from './scan.ts'
      import { compileMatcher } from './patterns.ts'
      const root = ${JSON.stringify(root)}
      const policy = { patterns: [], except: [], substitute: [], show: { value: 'empty', origin: { layer: 'built-in' } } } as const
      const matcher = compileMatcher(policy)
      const scan = scanTree([root], { interesting: matcher.interesting })
      try {
        const { masks } = buildMasks({ scan, matcher, policy: policy as never, project: root, roots: [root] })
        console.log(masks.map((mask) => [mask.path.slice(root.length + 1), mask.look.kind, mask.reason.by].join(' ')).join('|'))
      } catch (error) {
        console.log(JSON.stringify((error as { problem: unknown }).problem))
      }`).trim()

  test('a directory of ours that is closed is masked as a whole: chmod would open it', () => {
    const root = temporary()
    write(root, { 'a/closed/.env': '', 'a/closed/deep/x': '' })
    chmodSync(`${root}/a/closed`, 0)
    expect(run(root)).toBe('a/closed directory unreadable')
  })

  test('so is one that can be listed but not searched', () => {
    const root = temporary()
    write(root, { 'listed/.env': '', 'listed/sub/x': '' })
    chmodSync(`${root}/listed`, 0o400)
    expect(run(root)).toBe('listed directory unreadable')
  })

  test('so is one that a matching link leads into', () => {
    const root = temporary()
    write(root, { 'listed/secret': '' })
    link(root, '.env', 'listed/secret')
    chmodSync(`${root}/listed`, 0o400)
    expect(run(root)).toBe('listed directory unreadable')
  })

  test('so is one that nothing searches but for other names of a secret', () => {
    const root = temporary()
    write(root, { '.env': '', 'node_modules/closed/x': '' })
    linkSync(`${root}/.env`, `${root}/node_modules/closed/copy`)
    chmodSync(`${root}/node_modules/closed`, 0)
    expect(run(root)).toBe('.env empty name|node_modules/closed directory unreadable')
  })

  test('a closed project stops everything', () => {
    const root = temporary()
    write(root, { 'p/.env': '' })
    chmodSync(`${root}/p`, 0)
    expect(JSON.parse(run(`${root}/p`))).toMatchObject({ code: 'scan-failed', path: `${root}/p` })
  })

  test('any other failure stops everything', () => {
    const root = temporary()
    mkdirSync(`${root}/x`)
    const matcher = compileMatcher({ patterns: [], except: [] })
    const policy: MaskRules = {
      patterns: [],
      except: [],
      substitute: [],
      show: { value: 'empty', origin: { layer: 'built-in' } },
    }
    for (const code of ['EIO', 'ENAMETOOLONG', 'EMFILE', 'EPERM']) {
      const scan = { entries: [], unreadable: [{ path: `${root}/x`, code }] }
      const problem = problemOf(() => buildMasks({ scan, matcher, policy, project: root, roots: [root] }))
      expect(problem).toMatchObject({
        code: 'scan-failed',
        path: `${root}/x`,
        reason: expect.stringContaining(code),
      })
    }
    const path = `${root}${'/x'.repeat(2100)}/.env`
    const scan = { entries: [{ path, name: '.env', kind: 'file' as const }], unreadable: [] }
    const problem = problemOf(() => buildMasks({ scan, matcher, policy, project: root, roots: [root] }))
    expect(problem).toMatchObject({ code: 'scan-failed', path, reason: 'ENAMETOOLONG' })
  })

  test('what somebody else closed to us does not matter', () => {
    const root = temporary()
    const matcher = compileMatcher({ patterns: [], except: [] })
    const policy: MaskRules = {
      patterns: [],
      except: [],
      substitute: [],
      show: { value: 'empty', origin: { layer: 'built-in' } },
    }
    // Only the owner is looked at: root's directory for a user, a user's for root.
    const path = process.getuid?.() === 0 ? `${root}/theirs` : '/root'
    if (process.getuid?.() === 0) {
      mkdirSync(path)
      chownSync(path, 12_345, 12_345)
    }
    const scan = { entries: [], unreadable: [{ path, code: 'EACCES' }] }
    expect(buildMasks({ scan, matcher, policy, project: root, roots: [root] }).masks).toEqual([])
  })
})
