// Looking for secrets in 50,000 files.
import { label, ms, program, times } from './rows.mjs'

const aims = { scan: 1.5 }

export const scan = {
  name: 'scan',
  programs: (world) => [
    program(world, 'find', ['find', world.tree]),
    ...world.nodes.map((node) => program(world, `${label(node)} scan`, [node, world.tools.scan, world.tree])),
  ],
  rows: ({ nodes }, at) => {
    const find = at('find').ms
    return [
      ms('find, 50,000 files', find),
      ...nodes.map(label).flatMap((node) => rowsOf(node, at(`${node} scan`).ms, at(`${node} -e 0`).ms, find)),
    ]
  },
}

/** The scan alone is what a launch adds to node's own start; the whole process is shown as well. */
function rowsOf(node, whole, floor, find) {
  const alone = whole - floor
  return [
    ms(`${node}: scan, less node -e 0`, alone, times(alone / find, 'find', aims.scan)),
    ms(`${node}: scan, the whole process`, whole, times(whole / find, 'find')),
  ]
}
