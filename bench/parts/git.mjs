// What git's hooks add to a git command in a repository of 5,000 files, and the search for credentials.
import fs from 'node:fs'
import path from 'node:path'
import { capture, root } from '../../scripts/lib/tools.mjs'
import { label, ms, program } from './rows.mjs'

const aims = { hookMs: 60 }
const agentbox = path.join(root, 'dist/agentbox.cjs')

export const git = {
  name: 'git',
  programs: (world) => {
    const staged = withStaged(path.join(world.dir, 'staged'))
    return world.nodes.flatMap((node) => {
      const stub = hookOf(world, node)
      return [
        program(world, `${label(node)} post-checkout`, [stub('post-checkout'), 'a', 'b', '1']),
        program(world, `${label(node)} pre-commit, nothing staged`, [stub('pre-commit')]),
        program(world, `${label(node)} pre-commit, 100 files`, [stub('pre-commit')], { cwd: staged }),
      ]
    })
  },
  rows: ({ nodes }, at) =>
    nodes.map(label).flatMap((node) => {
      const floor = at(`${node} -e 0`).ms
      // The promise is about Node 24: Node 20 takes longer to start at all.
      const row = (text, name, held) => {
        const value = at(`${node} ${name}`).ms
        const aim = held && node === 'node 24' ? { aim: `≤ ${aims.hookMs} ms`, ok: value <= aims.hookMs } : {}
        return ms(`${node}: ${text}`, value, {
          against: `node +${(value - floor).toFixed(1)} ms`,
          ratio: value / floor,
          ...aim,
        })
      }
      return [
        row('post-checkout, no change', 'post-checkout', true),
        row('pre-commit, empty', 'pre-commit, nothing staged', true),
        row('pre-commit, 100 files', 'pre-commit, 100 files', false),
      ]
    }),
}

/** The hook as `agentbox hooks install` writes it, for this node. */
function hookOf({ dir }, node) {
  const template = fs.readFileSync(path.join(root, 'hooks/hook.sh'), 'utf8')
  return (name) => {
    const file = path.join(dir, `hooks-${label(node).replace(' ', '')}`, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    const values = { NAME: name, NODE: `'${node}'`, AGENTBOX: `'${agentbox}'` }
    fs.writeFileSync(
      file,
      template.replaceAll(/@(NAME|NODE|AGENTBOX)@/g, (_, key) => values[key]),
      { mode: 0o755 },
    )
    return file
  }
}

/** A repository in which 100 files of 4 KB are about to be committed. */
function withStaged(dir) {
  fs.mkdirSync(dir, { recursive: true })
  for (let n = 0; n < 100; n++)
    fs.writeFileSync(path.join(dir, `file-${n}.ts`), `const x${n} = ${n}\n`.repeat(250))
  capture('git', ['init', '-q', dir])
  capture('git', ['-C', dir, 'add', '-A'])
  return dir
}
