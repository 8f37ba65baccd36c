import { copyFileSync, chmodSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { as } from '../../support/who.ts'

let home: TestHome
let repo: string
let claude: string

beforeAll(async () => {
  home = makeHome('user')
  repo = `${home.home}/repo`
  home.write(`${repo}/.agentboxrc`, 'version: 1\nenforce: true\n')
  const git = { GIT_CONFIG_GLOBAL: `${home.home}/.gitconfig` }
  home.write(`${home.home}/.gitconfig`, '[user]\nname = A\nemail = a@example.org\n')
  await home.must(['git', 'init', '-q', repo], { env: git })
  await home.must([home.node, home.agentbox, 'hooks', 'install'], { cwd: repo })
  // Any program of that name is the agent; a shell does what it is told.
  claude = `${home.home}/bin/claude`
  home.dir(`${home.home}/bin`)
  copyFileSync('/bin/bash', claude)
  chmodSync(claude, 0o755)
})
afterAll(() => home.remove())

const commit = 'git commit -q --allow-empty -m x && echo done'
// Whoever runs the tests may be an agent: nobody above is seen from a pid namespace.
const alone = ['unshare', '--pid', '--fork', '--mount-proc', '--']
const by = (argv: string[], env: Record<string, string> = {}) =>
  home.root([...alone, ...as('user', argv)], { cwd: repo, env })

it('under enforce: true git takes no commit of an agent outside the box', async () => {
  for (const done of [
    await by([claude, '-c', `${commit}; true`]),
    await by([claude, '-c', `sh -c '${commit}'; true`]),
    await by(['sh', '-c', commit], { CLAUDECODE: '1' }),
  ]) {
    expect(done.stdout).toBe('')
    expect(done.stderr).toContain('claude runs outside its box')
  }
})

it('but a person’s, and that of an agent in the box', async () => {
  expect(await by(['sh', '-c', commit])).toMatchObject({ stdout: 'done\n', stderr: '' })
  const boxed = await home.launch(['run', '--', claude, '-c', commit], { cwd: repo }).ended
  expect([boxed.stdout, boxed.stderr]).toEqual(['done\n', ''])
})

it('nor where the policy cannot be read; and it does where nothing is enforced', async () => {
  home.write(`${repo}/.agentboxrc`, 'version: [\n')
  expect((await by([claude, '-c', `${commit}; true`])).stdout).toBe('')
  expect((await by(['sh', '-c', commit])).stdout).toBe('done\n')
  home.write(`${repo}/.agentboxrc`, 'version: 1\n')
  expect((await by([claude, '-c', commit])).stdout).toBe('done\n')
})
