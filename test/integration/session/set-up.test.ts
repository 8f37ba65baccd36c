import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { agentboxDirs } from '../../../src/host/dirs.ts'
import { locateProject } from '../../../src/host/project.ts'
import { linkedSetUp } from '../../../src/session/set-up.ts'

let home: string
const put = (path: string): void => {
  mkdirSync(`${home}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
  writeFileSync(`${home}/${path}`, '')
}
const link = (path: string, to: string): void => {
  mkdirSync(`${home}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
  symlinkSync(`${home}/${to}`, `${home}/${path}`)
}
const found = (writable = `${home}/dots`): string[] =>
  linkedSetUp({ env: {}, facts: { home } as never, dirs: agentboxDirs({}, home) }, [writable])
    .map(({ path }) => path.slice(home.length + 1))
    .toSorted()

beforeEach(() => {
  home = realpathSync(mkdtempSync(`${tmpdir()}/agentbox-set-up-`))
  mkdirSync(`${home}/dots`)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('finds what links in the home lead to in a repository of dotfiles, and what they would', () => {
  for (const path of ['agentbox.yaml', 'bash', 'fish/config.fish', 'git', 'vimrc', 'tool'])
    put(`dots/${path}`)
  link('.config/agentbox/config.yaml', 'dots/agentbox.yaml')
  link('.bashrc', 'dots/bash')
  link('.config/fish', 'dots/fish')
  link('.config/git/config', 'dots/git')
  link('.config/nvim/init.lua', 'dots/not-there.lua')
  link('.local/bin/tool', 'dots/tool')
  link('.vimrc', 'elsewhere')
  link('.zshrc', 'dots/circle')
  link('dots/circle', 'dots/circle')
  put('.profile')
  expect(found()).toEqual(['dots/agentbox.yaml', 'dots/bash', 'dots/fish', 'dots/git', 'dots/not-there.lua'])
  expect(found(`${home}/other`)).toEqual([])
})

it('finds a whole directory of settings, and what is made in it', () => {
  link('.config', 'dots/config')
  expect(found()).toContain('dots/config/agentbox')
  expect(found()).toContain('dots/config/git/config')
})

it("finds git's own where the project is its directory", () => {
  put('.config/git/config')
  expect(found(`${home}/.config/git`)).toEqual(['.config/git/config'])
})

it('makes no project of a directory where agentbox keeps its own by a link', () => {
  put('dots/HEAD')
  const locate = (): unknown =>
    locateProject({ cwd: `${home}/dots`, policyDir: undefined, home, own: agentboxDirs({}, home) })
  link('.config/agentbox', 'dots/settings')
  put('dots/settings/config.yaml')
  expect(locate()).toMatchObject({ root: `${home}/dots` })
  mkdirSync(`${home}/dots/state/agentbox`, { recursive: true })
  link('.local/state', 'dots/state')
  expect(locate).toThrow('project-refused')
  rmSync(`${home}/.local/state`)
  rmSync(`${home}/.config/agentbox`)
  link('.config/agentbox', 'dots')
  expect(locate).toThrow('project-refused')
})
