// What is measured, and what it is held against.
import path from 'node:path'
import { root, which } from '../scripts/lib/tools.mjs'

/** The aims, in one place. */
const aims = { run: 1.5, shimMs: 4, scan: 1.5, memoryMb: 30 }

const label = (node) =>
  node === process.execPath ? `node ${process.versions.node.split('.')[0]}` : 'node 24'

/** Every program, each with a clean environment: `{ name, argv, cwd, env }`. */
export function cases(world) {
  const { home, repository, shims, tools, tree, nodes } = world
  const bwrap = which('bwrap')
  const flags = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--unshare-all', 'true']
  const env = { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'dumb', NO_COLOR: '1' }
  const shimPath = `${shims.shims}:${shims.programs}:${env.PATH}`
  const plain = (name, argv, cwd = repository) => ({ name, argv, cwd, env })
  const agentbox = path.join(root, 'dist/agentbox.cjs')
  return [
    plain('bwrap', [bwrap, ...flags]),
    { ...plain('bare', [path.join(shims.programs, 'claude')], shims.outside) },
    { ...plain('shim', [path.join(shims.shims, 'claude')], shims.outside), env: { ...env, PATH: shimPath } },
    plain('find', ['find', tree]),
    ...nodes.flatMap((node) => [
      plain(`${label(node)} -e 0`, [node, '-e', '0']),
      plain(`${label(node)} run`, [node, agentbox, 'run', '--', 'true']),
      plain(`${label(node)} scan`, [node, tools.scan, tree]),
    ]),
  ]
}

/**
 * The rows of the report. `ok` is undefined where a row has no aim.
 */
export function judge({ nodes }, results) {
  const at = (name) => results.get(name)
  const ms = (name, text, extra = {}) => ({ text, unit: 'ms', ...at(name), value: at(name).ms, ...extra })
  const bwrap = at('bwrap').ms
  const find = at('find').ms
  const added = at('shim').ms - at('bare').ms
  return [
    ms('bwrap', 'bare bwrap'),
    ...nodes.map(label).flatMap((node) => {
      const floor = at(`${node} -e 0`)
      const run = at(`${node} run`)
      const ratio = run.ms / (floor.ms + bwrap)
      const more = (run.kb - floor.kb) / 1024
      return [
        ms(`${node} -e 0`, `${node} -e 0`),
        ms(`${node} run`, `${node}: run -- true, 5,000 files`, {
          against: `${ratio.toFixed(2)} × (node + bwrap)`,
          ...aim(`≤ ${aims.run} ×`, ratio <= aims.run),
        }),
        memory(`${node} -e 0: peak memory`, floor.kb),
        memory(`${node}: run, peak memory`, run.kb, {
          against: `node ${signed(more)} MB`,
          ...aim(`≤ +${aims.memoryMb} MB`, more <= aims.memoryMb),
        }),
      ]
    }),
    ms('bare', 'a program by itself'),
    ms('shim', 'through the shim, no policy', {
      against: `${signed(added)} ms`,
      ...aim(`≤ +${aims.shimMs} ms`, added <= aims.shimMs),
    }),
    ms('find', 'find, 50,000 files'),
    ...nodes.map(label).flatMap((node) => scanRows(node, at(`${node} scan`), at(`${node} -e 0`), find)),
  ]
}

/** The scan alone is what a launch adds to node's own start; the whole process is shown as well. */
function scanRows(node, scan, floor, find) {
  const ratio = (scan.ms - floor.ms) / find
  return [
    {
      text: `${node}: scan, less node -e 0`,
      unit: 'ms',
      value: scan.ms - floor.ms,
      against: `${ratio.toFixed(2)} × find`,
      ...aim(`≤ ${aims.scan} ×`, ratio <= aims.scan),
    },
    {
      text: `${node}: scan, the whole process`,
      unit: 'ms',
      value: scan.ms,
      against: `${(scan.ms / find).toFixed(2)} × find`,
    },
  ]
}

const aim = (text, ok) => ({ aim: text, ok })
const signed = (number) => `${number < 0 ? '' : '+'}${number.toFixed(1)}`
const memory = (text, kb, extra = {}) => ({ text, unit: 'MB', value: kb / 1024, ...extra })
