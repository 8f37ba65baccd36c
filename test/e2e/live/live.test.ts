import { renameSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../../src/session/journal.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { readable, startBoxes, stateOf, type Box } from './boxes.ts'
import { scenarios } from './scenarios.ts'

/** `whole`: with what takes long. */
const worlds = [
  { who: 'user', boxes: 1, whole: true },
  { who: 'root', boxes: 1, whole: true },
  { who: 'user', boxes: 5, whole: false },
  { who: 'root', boxes: 5, whole: false },
  { who: 'user', boxes: 20, whole: false },
  { who: 'root', boxes: 20, whole: true },
] as const

describe.each(worlds)(
  'secrets that appear while $boxes boxes run, as $who',
  ({ who, boxes: count, whole }) => {
    let at: TestHome
    let project: string
    let boxes: Box[] = []

    beforeAll(async () => {
      at = makeHome(who)
      project = `${at.home}/work/project`
      at.write(`${project}/.env`, 'TOKEN=first\n')
      at.write(`${project}/deploy/id_rsa`, 'KEY\n')
      at.write(`${project}/src/a.ts`, '')
      const git = ['git', '-c', 'user.name=T', '-c', 'user.email=t@example.com']
      at.write(`${at.home}/.gitconfig`, '[user]\nname = T\nemail = t@example.com\n')
      await at.must(['git', 'init', '-q', '-b', 'main', project])
      for (const args of [
        ['add', '-A'],
        ['commit', '-qm', 'one'],
        ['checkout', '-qb', 'other'],
      ])
        await at.must([...git, ...args], { cwd: project })
      at.write(`${project}/.env`, 'TOKEN=other\n')
      at.write(`${project}/deploy/id_rsa`, 'OTHER KEY\n')
      for (const args of [
        ['commit', '-qam', 'two'],
        ['checkout', '-q', 'main'],
      ])
        await at.must([...git, ...args], { cwd: project })
      boxes = await startBoxes(at, project, count)
    })
    afterAll(async () => {
      await Promise.all(boxes.map((box) => box.end()))
      at.remove()
    })

    it.each(scenarios.filter(({ heavy }) => whole || heavy !== true))('$name', async ({ act }) => {
      const paths = await act(at, project)
      expect(await readable(boxes, paths)).toEqual([])
    })

    it('is told in the journal', async () => {
      for (const { id } of boxes) {
        const kinds = () => readJournal(`${stateOf(at)}/log/${id}.jsonl`).map(({ kind }) => kind)
        const masked = (): number => kinds().filter((kind) => kind === 'masked').length
        expect(await eventually(() => masked() > (whole ? 500 : 20))).toBe(true)
        expect(kinds()).not.toContain('stopped')
      }
    })
  },
)

it.each(['user', 'root'] as const)(
  'secrets of a worktree that has a session of its own, as %s',
  async (who) => {
    const at = makeHome(who)
    try {
      const project = `${at.home}/work/project`
      const trees = [`${project}/inside`, `${at.home}/work/beside`]
      at.write(`${at.home}/.gitconfig`, '[user]\nname = T\nemail = t@example.com\n')
      at.write(`${project}/.env.old`, 'TOKEN=first\n')
      await at.must(['git', 'init', '-q', '-b', 'main', project])
      await at.must(['git', 'add', '-A'], { cwd: project })
      await at.must(['git', 'commit', '-qm', 'one'], { cwd: project })
      for (const tree of trees)
        await at.must(['git', 'worktree', 'add', '-q', '--detach', tree], { cwd: project })
      const [main, inside, beside] = await Promise.all(
        [project, ...trees].map(async (dir) => (await startBoxes(at, dir, 1))[0]!),
      )
      for (const tree of trees) {
        at.write(`${tree}/new`, 'TOKEN=do-not-read\n')
        renameSync(`${tree}/new`, `${tree}/.env`)
      }
      const [first, second] = trees.map((tree) => [`${tree}/.env`, `${tree}/.env.old`])
      expect(await readable([main!, inside!], first!)).toEqual([])
      expect(await readable([beside!], second!)).toEqual([])
      // What is not in a box's project is not there at all.
      expect(second!.map((path) => main!.sees(path))).toEqual(['ENOENT', 'ENOENT'])
      await Promise.all([main!, inside!, beside!].map((box) => box.end()))
    } finally {
      at.remove()
    }
  },
)
