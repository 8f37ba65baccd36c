import { cpSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { makeHome, type Options, type TestHome } from '../support/home.ts'
import type { Ended } from '../support/spawn.ts'
import type { Who } from '../support/who.ts'
import { compilePrograms, openHostSide, type HostSide } from './host.ts'
import { makeProject, type Layout, type Names, type TestProject } from './project.ts'
import { livePart } from './live.ts'
import { homeFiles, Secrets, variables, type Place } from './secrets.ts'

/** A machine full of secrets, with one repository in which the curious script runs. */
export interface World {
  home: TestHome
  project: TestProject
  host: HostSide
  secrets: Secrets
  /** The environment of a careless user. */
  env: Record<string, string>
  /** Starts the curious script by `prefix`, which ends where a command is expected. */
  ask(prefix: 'bare' | readonly string[], groups: readonly string[], options?: Options): Promise<Answer>
  remove(): Promise<void>
}

export interface Answer {
  ended: Ended
  /** Verdict by the name of the probe. */
  verdicts: Map<string, string>
  /** `name detail` of what failed. */
  failures: string[]
  /** `name reason` of what could not be tried, and of what somebody should know. */
  skipped: string[]
  warnings: string[]
  /** Names of the secrets in the output. */
  leaked: string[]
}

/** Groups of probes that hold in every box; see probes/curious.mjs. */
export const ALL_GROUPS: readonly string[] = 'places routes processes kernel calls ipc limits plant'.split(
  ' ',
)

/** What an agent might write in the home to be executed later. */
export const AGENT_FILES = [
  ...'.claude/settings.json .claude/settings.local.json .claude/hooks/x.sh .claude/commands/x.md'.split(' '),
  ...'.claude.json .claude/CLAUDE.md .codex/config.toml .codex/hooks.json .gemini/settings.json'.split(' '),
  ...'.bashrc .profile .zshrc .gitconfig .config/git/config .config/agentbox/config.yaml'.split(' '),
  ...'.local/bin/claude .local/bin/node .local/state/agentbox/masks/empty .ssh/authorized_keys'.split(' '),
  ...'.config/systemd/user/x.service .config/autostart/x.desktop .cargo/bin/cargo'.split(' '),
]

export async function makeWorld(who: Who, layout: Layout, names: Names = 'any'): Promise<World> {
  const home = makeHome(who)
  try {
    const secrets = new Secrets()
    furnish(home, secrets)
    const project = await makeProject(home, layout, secrets, names)
    const host = await openHostSide(home, project.place, secrets)
    const env = environment(home, secrets)
    const places = [...homePlaces(home), ...project.places, ...host.places]
    const live = livePart(home, project, secrets)
    const map = { ...description(home, project, host), places, live: live.map }
    cpSync(compilePrograms(), `${project.place}/probes`, { recursive: true })
    home.write(`${project.place}/probes/world.json`, JSON.stringify(map))
    return {
      home,
      project,
      host,
      secrets,
      env,
      async ask(prefix, groups, options) {
        const part = groups.includes('live') ? live.play() : undefined
        try {
          return await ask(world(), prefix, groups, options)
        } finally {
          await part?.stop()
        }
      },
      async remove() {
        await host.stop()
        home.remove()
      },
    }
    function world(): Asked {
      return { home, project, host, secrets, env }
    }
  } catch (error) {
    home.remove()
    throw error
  }
}

type Asked = Omit<World, 'ask' | 'remove'>

/** The user's own files, secret and otherwise. */
function furnish(home: TestHome, secrets: Secrets): void {
  for (const name of ['.local', '.local/state', '.local/share', '.config']) home.dir(`${home.home}/${name}`)
  for (const name of ['state', 'share']) home.dir(`${home.home}/.local/${name}/agentbox`, 0o700)
  home.dir(`${home.home}/.local/state/agentbox/homes`, 0o700)
  for (const path of homeFiles) home.write(`${home.home}/${path}`, `${secrets.make(path)}\n`, 0o600)
  const gitconfig = `[user]\n\tname = Ada\n\temail = ada@example.com\n[http]\n\textraHeader = ${secrets.make('gitconfig')}\n`
  home.write(`${home.home}/.gitconfig`, gitconfig)
  home.write(`${home.home}/.cargo/bin/cargo`, '#!/bin/sh\necho cargo\n', 0o755)
  // Stands in for the agent: it has its name and runs what it is told.
  home.write(`${home.home}/.local/bin/claude`, '#!/bin/sh\nexec "$@"\n', 0o755)
  home.write(`${home.home}/.claude/settings.json`, '{"hooks":{}}\n')
  home.write(`${home.home}/.claude.json`, '{"mcpServers":{}}\n')
  home.write(`${home.home}/.codex/config.toml`, 'model = "x"\n')
}

function homePlaces(home: TestHome): Place[] {
  const names = [...homeFiles, '.gitconfig', '.claude/settings.json', '.codex/config.toml']
  return names.map((path) => ({ name: `home:${path}`, path: `${home.home}/${path}`, how: 'absent' }))
}

function environment(home: TestHome, secrets: Secrets): Record<string, string> {
  const own = variables.map((name) => [name, `unix:path=/run/${secrets.make(name)}`])
  return { ...home.env, PATH: `${home.home}/.local/bin:${home.env['PATH']}`, ...Object.fromEntries(own) }
}

function description(home: TestHome, project: TestProject, host: HostSide): Record<string, unknown> {
  return {
    base: home.base,
    home: home.home,
    place: project.place,
    commonDir: project.commonDir,
    gitDirs: project.gitDirs,
    gitPlace: `${project.place}/.git`,
    protected: project.protected,
    variables,
    agentFiles: AGENT_FILES,
    hostPid: host.pid,
    hostMark: host.mark,
    handle: host.handle,
    ipc: host.ipc,
    queues: {
      signals: ownLimit('pending signals'),
      messages: ownLimit('msgqueue size'),
      descriptors: ownLimit('open files'),
    },
  }
}

/** The limit of this process, which the user's have from it; NaN if there is none. Node raises files' to the hard one. */
function ownLimit(name: string): number {
  const found = new RegExp(`^Max ${name} +(\\S+)`, 'm').exec(readFileSync('/proc/self/limits', 'utf8'))
  return Number(found![1])
}

async function ask(
  { home, project, host, secrets, env }: Asked,
  prefix: 'bare' | readonly string[],
  groups: readonly string[],
  options: Options = {},
): Promise<Answer> {
  host.refill()
  const script = [home.node, `${project.place}/probes/curious.mjs`, ...groups]
  const common: Options = { cwd: project.place, env, fds: host.fds, stdin: host.fds[1]!, ...options }
  const ended =
    prefix === 'bare' ? await home.bare(script, common) : await home.bare([...prefix, ...script], common)
  return { ended, leaked: secrets.foundIn(ended.stdout + ended.stderr), ...parse(ended) }
}

function parse({ stdout, stderr, status }: Ended): Omit<Answer, 'ended' | 'leaked'> {
  const lines = stdout.split('\n').filter((line) => VERDICT.test(line) || line.startsWith('DONE '))
  const done = lines.pop()
  if (status !== 0 || done !== `DONE ${lines.length}`)
    throw new Error(`the probes did not run to their end (${status}):\n${stdout}\n${stderr}`)
  const verdicts = new Map<string, string>()
  for (const line of lines) {
    const [verdict, name] = line.split(' ') as [string, string]
    if (verdicts.has(name)) throw new Error(`two probes are called ${name}`)
    verdicts.set(name, verdict)
  }
  const those = (verdict: string): string[] =>
    lines.filter((line) => line.startsWith(verdict)).map((line) => line.slice(verdict.length + 1))
  return { verdicts, failures: those('FAIL'), skipped: those('SKIP'), warnings: those('WARN') }
}

const VERDICT = /^(PASS|FAIL|WARN|SKIP) \S+ /

/** agentbox as a prefix for `ask`. */
export const boxed = ({ home }: World, ...args: string[]): string[] => [
  home.node,
  home.agentbox,
  'run',
  ...args,
  '--',
]

/** The same box as the text of a script. */
export async function scriptOf({ home, project, env }: World, ...args: string[]): Promise<string> {
  const { ended } = home.launch(['plan', '--format', 'script', ...args], { cwd: project.place, env })
  const { status, stdout, stderr } = await ended
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** Everything at these paths, by content and kind; the same before and after if nobody touched it. */
export function snapshot(paths: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {}
  const stack = [...paths]
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) out[path] = 'absent'
    else if (stat.isSymbolicLink()) out[path] = `link ${readlinkSync(path)}`
    else if (stat.isFile()) out[path] = `${stat.mode.toString(8)} ${readFileSync(path, 'latin1')}`
    else out[path] = stat.mode.toString(8)
    if (stat?.isDirectory() === true) stack.push(...readdirSync(path).map((name) => `${path}/${name}`))
  }
  return out
}
