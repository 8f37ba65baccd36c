// A whole launch: policy, scan of 5,000 files, box, program, end.
import path from 'node:path'
import { root } from '../../scripts/lib/tools.mjs'
import { label, memory, ms, program, signed, times } from './rows.mjs'

const aims = { run: (node) => (node === 'node 24' ? 1.35 : 1.5), memoryMb: 30 }

export const launch = {
  name: 'launch',
  programs: (world) =>
    world.nodes.map((node) =>
      program(world, `${label(node)} run`, [node, path.join(root, 'dist/agentbox.cjs'), 'run', '--', 'true']),
    ),
  rows: ({ nodes }, at) =>
    nodes.map(label).flatMap((node) => {
      const floor = at(`${node} -e 0`)
      const run = at(`${node} run`)
      const more = (run.kb - floor.kb) / 1024
      return [
        ms(`${node}: run -- true, 5,000 files`, run.ms, {
          ...times(run.ms / (floor.ms + at('bwrap').ms), '(node + bwrap)', aims.run(node)),
        }),
        memory(`${node}: run, peak memory`, run.kb, {
          against: `node ${signed(more)} MB`,
          aim: `≤ +${aims.memoryMb} MB`,
          ok: more <= aims.memoryMb,
        }),
      ]
    }),
}
