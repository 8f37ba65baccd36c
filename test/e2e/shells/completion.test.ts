import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../../src/commands/index.ts'
import { bashCompletion } from '../../../src/shells/bash-completion.ts'
import { fishCompletion } from '../../../src/shells/fish-completion.ts'
import { spoken } from '../../../src/shells/words.ts'
import { zshCompletion } from '../../../src/shells/zsh-completion.ts'
import { manPage } from '../../../src/ui/man.ts'
import { version } from '../../../src/version.ts'
import { openSession } from '../../support/pty.ts'
import { activated, makeWorld, type World } from './world.ts'

let world: World
beforeAll(() => {
  world = activated(makeWorld())
  for (const [name, text] of Object.entries({
    bash: bashCompletion(spoken(commands)),
    zsh: zshCompletion(spoken(commands)),
    fish: fishCompletion(spoken(commands)),
  }))
    world.write(`complete.${name}`, text)
  world.write('bin/stub', `#!/bin/sh\nprintf '<%s>' "$@"\n`, 0o755)
})
afterAll(() => world.remove())

const run = (shell: string, script: string): string[] => {
  const env = { ...world.env, XDG_CONFIG_HOME: `${world.base}/none` }
  const { stdout, stderr } = spawnSync(shell, ['-c', script], { cwd: world.repo, env, encoding: 'utf8' })
  expect(stderr).toBe('')
  return stdout.split('\n').filter(Boolean)
}

/** What a Tab at the end of the line would offer. */
const offers = {
  bash: (line: string) =>
    run(
      'bash',
      `. ${world.base}/complete.bash; IFS=' '; line=${JSON.stringify(line)}; read -ra COMP_WORDS <<<"$line"
       [[ $line != *' ' ]] || COMP_WORDS+=('')
       COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); __agentbox_complete; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ),
  fish: (line: string) =>
    run('fish', `source ${world.base}/complete.fish; complete -C '${line}'`).map(
      (text) => text.split('\t')[0]!,
    ),
}

const visible = commands.filter(({ hidden }) => hidden !== true)

describe.each(['bash', 'fish'] as const)('%s completes', (shell) => {
  it('every command', () => {
    const offered = offers[shell]('agentbox ')
    for (const { name } of visible) expect(offered).toContain(name)
    expect(offered).not.toContain('hook')
  })

  it.each(visible.map(({ name, options }) => [name, Object.keys(options)] as const))(
    'the options of %s',
    (name, options) => {
      const offered = offers[shell](`agentbox ${name} --`)
      for (const option of options) expect(offered).toContain(`--${option}`)
    },
  )

  it.each([
    ['agentbox shims ', 'install'],
    ['agentbox activate z', 'zsh'],
    ['agentbox quarantine ', 'keep'],
    ['agentbox secret ', 'edit'],
    ['agentbox doctor b', 'bwrap'],
    ['agentbox run --network ', 'none'],
    ['agentbox run -- stu', 'stub'],
    ['agentbox off stu', 'stub'],
  ])('%s: %s', (line, word) => {
    expect(offers[shell](line)).toContain(word)
  })
})

it.each([
  ['agentbox shims rem\t', '<shims><remove>'],
  ['agentbox quarantine kee\t', '<quarantine><keep>'],
  ['agentbox sch\t', '<schema>'],
  ['agentbox run --with\t', '<run><--without-grants>'],
  ['agentbox run -- stu\t', '<run><--><stub>'],
  ['agentbox wrap stu\t', '<wrap><stub>'],
])('zsh completes %j', async (typed, words) => {
  const session = openSession({
    argv: ['zsh', '-f', '-i'],
    cwd: world.outside,
    env: { ...world.env, HOME: world.outside },
  })
  await session.line(
    `autoload -Uz compinit; compinit -u -D; source ${world.base}/complete.zsh; agentbox() { stub "$@" }`,
  )
  const text = await session.line(typed)
  await session.end()
  expect(text).toContain(words)
})

it('an agent’s own completion works through its shim', async () => {
  const session = openSession({ argv: ['bash', '-i'], cwd: world.outside, env: world.env })
  await session.line('_own() { COMPREPLY=(--model-of-its-own); }; complete -F _own claude')
  await session.line('claude --mo\t')
  await session.end()
  expect(world.notes()).toEqual({ '--model-of-its-own': 'bare' })
})

it('the manual page of the package is that of the commands, and is well formed', () => {
  const page = readFileSync('man/agentbox.1', 'utf8')
  expect(page.replace(/agentbox [\d.\\-]+"/, 'VERSION"')).toBe(
    manPage(commands, version).replace(/agentbox [\w.\\-]+"/, 'VERSION"'),
  )
  for (const { name, options } of visible) {
    expect(page).toContain(`agentbox ${name.replaceAll('-', '\\-')}`)
    for (const option of Object.keys(options))
      expect(page).toContain(`\\-\\-${option.replaceAll('-', '\\-')}`)
  }
  // Requests at the beginning of a line are all ours.
  const requests = page
    .split('\n')
    .filter((line) => /^[.']/.test(line))
    .map((line) => line.split(' ')[0])
  const ours = ['.B', '.BR', '.EE', '.EX', '.I', '.PP', '.SH', '.SS', '.TH', '.TP', '.\\"']
  expect(new Set(requests)).toEqual(new Set(ours))
})
