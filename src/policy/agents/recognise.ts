import { agents } from './index.ts'
import type { AgentProfile } from './types.ts'

/** A process as /proc shows it. */
export interface ProcessLook {
  /** Its executable, absolute; empty if it cannot be seen. */
  exe: string
  argv: readonly string[]
}

const INTERPRETER = /^(?:node|nodejs|bun|deno|python[\d.]*|sh|bash|dash)$/

/** The agent that a process is, by its name, or by the script that an interpreter runs. Pure. */
export function recognise({ exe, argv }: ProcessLook): AgentProfile | undefined {
  const interpreted = INTERPRETER.test(baseOf(exe) || baseOf(argv[0] ?? ''))
  const script = interpreted ? argv.slice(1).find((arg) => !arg.startsWith('-')) : undefined
  if (interpreted && (script === undefined || !script.includes('/'))) return undefined
  const places = script === undefined ? [argv[0] ?? '', exe] : [script]
  return places.map(agentAt).find((agent) => agent !== undefined)
}

function agentAt(path: string): AgentProfile | undefined {
  const name = baseOf(path).replace(/\.(?:exe|[cm]?js)$/, '')
  return agents.find(
    ({ commands, packages = [], install }) =>
      commands.includes(name) ||
      packages.some((one) => path.includes(`/node_modules/${one}/`)) ||
      install.some((dir) => path.includes(`/${dir}/`)),
  )
}

/** The agent whose marks a command's environment has. Pure. */
export function markedBy(env: Readonly<Record<string, string | undefined>>): AgentProfile | undefined {
  return agents.find(({ marks = [] }) => marks.some((name) => (env[name] ?? '') !== ''))
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
