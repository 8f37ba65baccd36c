import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJournal } from '../../../src/session/journal.ts'
import { makeHome, type TestHome } from '../../support/home.ts'
import { readable, startBoxes, stateOf, type Box } from './boxes.ts'
import { scenarios } from './scenarios.ts'

const worlds = [
  { who: 'user', boxes: 1 },
  { who: 'root', boxes: 1 },
  { who: 'user', boxes: 5 },
  { who: 'root', boxes: 20 },
] as const

describe.each(worlds)('secrets that appear while $boxes boxes run, as $who', ({ who, boxes: count }) => {
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

  it.each(scenarios)('$name', async ({ act }) => {
    const paths = await act(at, project)
    expect(await readable(boxes, paths)).toEqual([])
  })

  it('is told in the journal', () => {
    for (const { id } of boxes) {
      const kinds = readJournal(`${stateOf(at)}/log/${id}.jsonl`).map(({ kind }) => kind)
      expect(kinds.filter((kind) => kind === 'masked').length).toBeGreaterThan(500)
      expect(kinds).not.toContain('stopped')
    }
  })
})
