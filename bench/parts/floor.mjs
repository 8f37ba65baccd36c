// What everything else is made of and held against.
import { which } from '../../scripts/lib/tools.mjs'
import { label, memory, ms, program } from './rows.mjs'

const flags = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--unshare-all', 'true']

export const floor = {
  name: 'floor',
  programs: (world) => [
    program(world, 'bwrap', [which('bwrap'), ...flags]),
    ...world.nodes.map((node) => program(world, `${label(node)} -e 0`, [node, '-e', '0'])),
  ],
  rows: ({ nodes }, at) => [
    ms('bare bwrap', at('bwrap').ms),
    ...nodes.map(label).flatMap((node) => {
      const { ms: time, kb } = at(`${node} -e 0`)
      return [ms(`${node} -e 0`, time), memory(`${node} -e 0: peak memory`, kb)]
    }),
  ],
}
