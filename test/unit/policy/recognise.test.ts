import { expect, it } from 'vitest'
import { markedBy, recognise } from '../../../src/policy/agents/recognise.ts'

const NODE = '/usr/bin/node'

it.each<[string, string | undefined, string, string[]]>([
  ['native', 'claude', '/home/u/.local/share/claude/versions/2.1.3', ['claude', '-p']],
  ['native, renamed', 'claude', '/home/u/.local/share/claude/versions/2.1.3', ['x']],
  ['npm, native', 'claude', '/usr/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe', ['claude']],
  ['an extension', 'claude', '/h/.vscode/extensions/a/native-binary/claude', ['/h/.vscode/x/claude', '--x']],
  ['a script by its link', 'gemini', NODE, ['node', '/usr/bin/gemini', '-p']],
  [
    'a script with options',
    'gemini',
    NODE,
    [NODE, '--no-warnings', '/h/node_modules/@google/gemini-cli/dist/index.js'],
  ],
  ['a script with an ending', 'codex', NODE, ['node', '/x/codex.js']],
  ['cannot be seen', 'codex', '', ['codex']],
  ['an editor of the file', undefined, '/usr/bin/vim', ['vim', '/usr/bin/claude']],
  ['an argument', undefined, NODE, ['node', '/x/server.js', 'claude']],
  ['code on the command line', undefined, '/bin/bash', ['bash', '-c', 'claude']],
  ['agentbox', undefined, NODE, [NODE, '/x/dist/agentbox.cjs', 'run', '--as', 'claude', '--', '/x/claude']],
  ['bubblewrap', undefined, '/usr/bin/bwrap', ['/usr/bin/bwrap', '--args', '5', '--', '/x', '--', 'claude']],
  ['another of a similar name', undefined, '/usr/bin/claude-desktop', ['claude-desktop']],
])('%s: %s', (_, name, exe, argv) => {
  expect(recognise({ exe, argv })?.name).toBe(name)
})

it.each([
  [{ CLAUDECODE: '1' }, 'claude'],
  [{ GEMINI_CLI: '1' }, 'gemini'],
  [{ CODEX_SANDBOX: 'seatbelt' }, 'codex'],
  [{ CODEX_HOME: '/h/.codex', CLAUDECODE: '', CLAUDE_CONFIG_DIR: '/x' }, undefined],
])('%j is the mark of %s', (env, name) => {
  expect(markedBy(env)?.name).toBe(name)
})
