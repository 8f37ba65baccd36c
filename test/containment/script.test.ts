import { renameSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { killIfThere, processesWith } from '../support/processes.ts'
import { eventually, start } from '../support/spawn.ts'
import { as, type Who } from '../support/who.ts'
import { removePrograms } from './host.ts'
import { makeWorld, scriptOf, type Answer, type World } from './world.ts'

afterAll(removePrograms)

interface Mutation {
  without: string
  change(script: string, world: World): string
  groups: string[]
  /** Probes that must notice. */
  fails(world: World): string[]
  /** Probes that another protection still answers. */
  holds?: string[]
  only?: Who
}

/** Takes out the option lines that end in the path. */
const drop =
  (path: string) =>
  (script: string, { project }: World): string => {
    const end = ` ${path.startsWith('/') ? path : `${project.place}/${path}`}`
    return script
      .split('\n')
      .filter((line) => !(line.startsWith('  --') && line.endsWith(end)))
      .join('\n')
  }

const swap =
  (from: string | RegExp, to: string) =>
  (script: string): string =>
    script.replace(from, to)

const place = (name: string): Pick<Mutation, 'groups' | 'fails'> => ({
  groups: ['places'],
  fails: () => [name],
})
const call = (...names: string[]): Pick<Mutation, 'groups' | 'fails'> => ({
  groups: ['calls'],
  fails: () => names,
})
const plants = (path: string): Pick<Mutation, 'groups' | 'fails'> => ({
  groups: ['plant'],
  fails: ({ home, project }) => [`plant:${project.place.slice(home.base.length)}/${path}`],
})
const probe = (group: string, ...names: string[]): Pick<Mutation, 'groups' | 'fails'> => ({
  groups: [group],
  fails: () => names,
})
/** All namespaces but one, spelled out. */
const namespaces = (missing: string): string =>
  ['user', 'pid', 'net', 'ipc', 'uts', 'cgroup-try']
    .filter((name) => name !== missing)
    .map((name) => `--unshare-${name}`)
    .join(' ')

const realHome = (script: string, { home }: World): string =>
  script.replace(/^ {2}--bind \S+\/home (\S+\/home)$/m, `  --bind ${home.home} $1`)

const MUTATIONS: Mutation[] = [
  { without: 'the mask of a file', change: drop('.env'), ...place('project:".env"') },
  { without: 'the mask of a hard link', change: drop('innocent.txt'), ...place('project:hard-link') },
  {
    without: "the mask of a link's target",
    change: drop('real-settings.txt'),
    ...place('project:symlink-target'),
  },
  { without: 'the mask of a directory', change: drop('svc/.env'), ...place('directory:svc/.env') },
  { without: 'the mask of a FIFO', change: drop('fifo/.env'), ...place('project:fifo') },
  { without: 'the mask of a socket', change: drop('sock/.env'), ...place('socket:project') },
  {
    without: 'the mask by a pattern of the policy',
    change: drop('prod.tfvars'),
    ...place('project:"prod.tfvars"'),
  },
  { without: 'filesystem.hide', change: drop('infra/prod'), ...place('directory:infra/prod') },
  {
    without: 'the mask, so that it can be renamed',
    change: drop('.env'),
    ...probe('routes', 'env-rename', 'env-unlink'),
  },
  { without: 'the pin of .git', change: drop('.git'), ...probe('plant', 'git-renamed') },
  { without: 'the pin of a nested repository', change: drop('nested'), ...probe('plant', 'nested-renamed') },
  { without: 'read-only hooks', change: drop('.git/hooks'), ...plants('.git/hooks') },
  { without: 'read-only config', change: drop('.git/config'), ...probe('plant', 'git-config-command') },
  { without: 'a read-only policy', change: drop('.agentboxrc'), ...plants('.agentboxrc') },
  { without: 'read-only agent settings', change: drop('.claude'), ...plants('.claude') },
  { without: 'read-only core.hooksPath', change: drop('githooks'), ...plants('githooks') },
  { without: 'a read-only included config', change: drop('team.gitconfig'), ...plants('team.gitconfig') },
  { without: 'filesystem.readonly', change: drop('docs'), ...plants('docs') },
  { without: 'the seal of the root', change: drop('/'), ...probe('kernel', 'root-writable') },
  {
    without: 'seccomp',
    change: swap('  --seccomp 9\n', ''),
    ...call('tiocsti', 'tiocsti-high-bits', 'setuid-chmod', 'setuid-open', 'setgid-chmod'),
    holds: ['unshare-user', 'umount', 'mknod-character', 'init-module'],
  },
  {
    without: 'seccomp and --disable-userns',
    change: (script) => script.replace('  --seccomp 9\n', '').replace(' --disable-userns', ''),
    ...call('unshare-user', 'clone-user'),
  },
  {
    without: '--cap-drop ALL',
    change: swap(' --cap-drop ALL', ''),
    ...probe('kernel', 'privileges'),
    only: 'root',
  },
  {
    without: 'read-only /proc/sys',
    change: drop('/proc/sys'),
    ...probe('kernel', 'kernel-switches'),
    only: 'root',
  },
  {
    without: 'a clean start',
    change: swap('\nenv -i ', '\nenv '),
    ...probe('processes', 'variables', 'own-environ'),
  },
  {
    without: 'closed descriptors',
    change: swap(/^for fd in \/proc.*$/m, ''),
    ...probe('processes', 'descriptors'),
  },
  {
    without: 'a look at what the standard three are',
    change: swap(/^for fd in 0 1 2.*$/m, ''),
    ...probe('processes', 'descriptors'),
  },
  {
    without: 'an own IPC namespace',
    change: swap('--unshare-all', namespaces('ipc')),
    ...probe('ipc', 'shared-memory', 'messages', 'posix-queue'),
  },
  {
    without: 'an own network',
    change: swap('--unshare-all', namespaces('net')),
    ...place('socket:loopback'),
  },
  {
    without: 'an own network, by abstract socket',
    change: swap('--unshare-all', namespaces('net')),
    ...place('socket:abstract'),
  },
  {
    without: 'an own /proc',
    change: swap('  --proc /proc\n', '  --bind /proc /proc\n'),
    ...probe('processes', 'host-process'),
  },
  {
    without: 'an own /dev',
    change: swap('  --dev /dev\n', '  --dev-bind /dev /dev\n'),
    ...probe('kernel', 'devices'),
  },
  {
    without: 'an own /tmp',
    change: swap(/^.* --tmpfs \/tmp$/m, '  --bind /tmp /tmp'),
    ...place('host:/tmp'),
  },
  { without: 'a private home', change: realHome, ...place('home:.ssh/id_ed25519') },
  { without: 'a private home, for the sweep', change: realHome, ...probe('processes', 'sweep') },
]

describe.each<Who>(['user', 'root'])('the box as a script, as %s', (who) => {
  let world: World
  let script: string
  beforeAll(async () => {
    world = await makeWorld(who, 'plain')
    script = await scriptOf(world, '--network', 'none')
    // From here on there is no agentbox.
    renameSync(`${world.home.base}/app`, `${world.home.base}/gone`)
  })
  afterAll(async () => world.remove())

  const askScript = (text: string, groups: readonly string[]): Promise<Answer> => {
    const path = `${world.home.base}/box.sh`
    world.home.write(path, text)
    return world.ask(['bash', path], groups)
  }

  test('answers every probe like agentbox', async () => {
    const groups = 'places routes processes kernel network calls ipc plant'.split(' ')
    const answer = await askScript(script, groups)
    expect(answer.failures).toEqual([])
    expect(answer.leaked).toEqual([])
    expect(answer.verdicts.size).toBeGreaterThan(150)
  })

  test.each([true, false])('goes down with its shell: %s, by --die-with-parent', async (dies) => {
    const path = `${world.home.base}/dying.sh`
    world.home.write(path, dies ? script : script.replace(' --die-with-parent', ''))
    const mark = `mark-${who}-${process.pid}`
    const running = start({
      argv: as(who, ['bash', path, 'sh', '-c', 'echo up; sleep 60', mark]),
      cwd: world.project.place,
      env: world.env,
    })
    await running.says('up')
    process.kill(running.pid, 'SIGKILL')
    try {
      expect(await eventually(() => processesWith(mark).length === 0, dies ? 30_000 : 500)).toBe(dies)
    } finally {
      for (const pid of processesWith(mark)) killIfThere(Number(pid))
      await running.ended
    }
  })

  test.each(MUTATIONS.filter(({ only }) => only === undefined || only === who))(
    'a probe notices a box without $without',
    async ({ change, groups, fails, holds = [] }) => {
      const mutated = change(script, world)
      expect(mutated).not.toBe(script)
      const { verdicts } = await askScript(mutated, groups)
      const of = (names: string[]): (string | undefined)[][] =>
        names.map((name) => [name, verdicts.get(name)])
      expect(of(fails(world))).toEqual(fails(world).map((name) => [name, 'FAIL']))
      expect(of(holds)).toEqual(holds.map((name) => [name, 'PASS']))
    },
  )
})
