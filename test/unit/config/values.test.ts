import { describe, expect, it } from 'vitest'
import { nearestKey } from '../../../src/config/keys.ts'
import { checkHost, hostCovers } from '../../../src/config/hosts.ts'
import { absolutePath, checkPath } from '../../../src/config/paths.ts'
import { canonical } from '../../../src/config/text.ts'
import {
  bytesOf,
  checkCommand,
  checkPass,
  checkRepoVariable,
  checkVariable,
} from '../../../src/config/values.ts'
import { agents } from '../../../src/policy/agents/index.ts'

describe('absolutePath', () => {
  it.each([
    ['docs/', '/p/docs'],
    ['./docs//a/', '/p/docs/a'],
    ['.', '/p'],
    ['../shared', '/shared'],
    ['../../../x', '/x'],
    ['a/../b', '/p/b'],
    ['~', '/home/u'],
    ['~/x/', '/home/u/x'],
    ['~/../v', '/home/v'],
    ['/opt//x/./y', '/opt/x/y'],
    ['/', '/'],
    ['a b', '/p/a b'],
    ['a~b', '/p/a~b'],
    // The same bytes are the same name, however they are spelt.
    ['caf\udcc3\udca9', '/p/café'],
    ['caf\udce9', '/p/caf\udce9'],
  ])('%j → %j', (path, wanted) => {
    expect(absolutePath(path, '/p', '/home/u')).toBe(wanted)
  })

  it('leaves undecodable bytes alone and joins those that make a character', () => {
    expect(canonical('\udcff')).toBe('\udcff')
    expect(canonical('\udcf0\udc9f\udc94\udc91')).toBe('🔑')
  })
})

describe('checkPath', () => {
  it.each([
    ['grant', '../x'],
    ['grant', '~/x'],
    ['grant', '/opt/x'],
    ['grant', 'a$'],
    ['grant', 'a$1'],
    ['inside', 'app/[slug]/page'],
    ['inside', 'a..b'],
    ['inside', '...'],
    ['inside', 'naïve 🔑'],
    ['inside', 'a\udcffb'],
    ['own-grant', '~/x'],
    ['own-inside', 'docs'],
    ['own-inside', '/srv/x'],
    ['any', '../../x'],
  ] as const)('%s takes %j', (rule, path) => {
    expect(checkPath(rule)(path)).toBeUndefined()
  })

  it.each([
    ['grant', '', 'is empty'],
    ['grant', '~x', "is another user's home"],
    ['grant', '~x/y', "is another user's home"],
    ['grant', 'a/$HOME', 'has a variable'],
    ['grant', '${HOME}', 'has a variable'],
    ['grant', '$(id)', 'has a variable'],
    ['grant', 'a*', 'is a pattern'],
    ['grant', 'a\nb', 'contains a line break'],
    ['grant', 'a\u2028b', 'contains a line break'],
    ['grant', 'a\0', 'contains a NUL byte'],
    ['grant', 'a\u0007', 'contains a control'],
    ['grant', 'a\u009b2J', 'contains a control'],
    ['grant', 'a\u202eb', 'contains a control'],
    ['grant', 'a\u200bb', 'contains a control'],
    ['grant', 'a\ud800', 'contains half a character'],
    ['grant', 'a\udc00', 'contains half a character'],
    ['grant', `a${'/b'.repeat(3000)}`, 'is longer than'],
    ['inside', '..', 'leads out'],
    ['inside', 'a/..', 'leads out'],
    ['inside', '/a', 'must be relative'],
    ['inside', '~/a', 'must be relative'],
    ['own-grant', 'a', 'is relative'],
    ['own-grant', '../a', 'is relative'],
    ['own-inside', '../a', 'leads out'],
  ] as const)('%s refuses %j: %s', (rule, path, problem) => {
    expect(checkPath(rule)(path)).toContain(problem)
  })
})

describe('checkHost', () => {
  it.each([
    ...['example.com', '*.example.com', 'EXAMPLE.com', 'localhost', 'a-b.c', 'example.com:8443', '*.a.b:1'],
    ...['10.0.0.1', '10.0.0.1:80', '@npm', '@agent', 'xn--bcher-kva.example', '1.example'],
  ])('takes %j', (host) => {
    expect(checkHost(host)).toBeUndefined()
  })

  it.each([
    ...[
      '',
      '*',
      '*.com',
      'a.*.com',
      '*a.com',
      'a*',
      '**.a.com',
      '*.*.com',
      'a..b',
      '.a',
      'a.',
      '-a.b',
      'a-.b',
    ],
    ...[
      'a_b.c',
      'http://a.b',
      'a.b/c',
      'a.b?c',
      'u@a.b',
      'a.b:0',
      'a.b:65536',
      'a.b:080',
      'a.b:',
      'a.b:x',
      'a b',
    ],
    ...[
      '1',
      '2130706433',
      '0x7f000001',
      '127.1',
      '0177.0.0.1',
      '1.2.3.256',
      '1.2.3.4.5',
      '*.1.2.3.4',
      'a.0x1',
    ],
    ...[
      '[::1',
      '[::1]:0',
      '[1.2.3.4]',
      '::1',
      '::ffff:1.2.3.4',
      '@',
      '@Npm',
      '@a b',
      '@nothing',
      'bü_cher.example',
      'bü%2ecom',
      'bü:b@c.example',
      '*.é',
      'a.b\n',
      'a\0.b',
      `${'a'.repeat(64)}.b`,
    ],
    `${'a.'.repeat(127)}bc`,
  ])('refuses %j', (host) => {
    expect(checkHost(host)).toBeTypeOf('string')
  })

  it.each([
    ['example.com', 'example.com', true],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', '*.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'evil-example.com', false],
    ['example.com', 'a.example.com', false],
    ['example.com', 'example.com:8080', false],
    ['example.com:8080', 'example.com', false],
    ['*.example.com:1', 'a.example.com:1', true],
    ['@npm', '@npm', true],
    ['@npm', 'registry.npmjs.org', true],
    ['@npm', 'registry.npmjs.org:8080', false],
    ['*.npmjs.org', '@npm', false],
    ['*.example.com', '@npm', false],
  ])('%s covers %s: %s', (wide, entry, wanted) => {
    expect(hostCovers(wide, entry)).toBe(wanted)
  })
})

describe('variables', () => {
  it.each(['CI', 'MYAPP_*', '_x', 'A1', 'ABC*'])('pass takes %s', (name) => {
    expect(checkPass(name)).toBeUndefined()
  })

  it.each([
    '*',
    'A*',
    'AB*',
    '*A',
    'A*B',
    'ABC**',
    '',
    'A-B',
    '1A',
    'A=B',
    'AGENTBOX',
    'agentbox_x',
    'AGENTBOX*',
  ])('pass refuses %j', (name) => {
    expect(checkPass(name)).toBeTypeOf('string')
  })

  it.each(['NODE_ENV', 'CI', 'DEBUG', 'PORT', 'MYAPP_MODE', 'RUST_LOG', 'TZ', 'LANG'])(
    'a repository sets %s',
    (name) => {
      expect(checkRepoVariable(name)).toBeUndefined()
    },
  )

  it.each([
    ...[
      'PATH',
      'HOME',
      'LD_PRELOAD',
      'LD_LIBRARY_PATH',
      'NODE_OPTIONS',
      'NODE_EXTRA_CA_CERTS',
      'BASH_ENV',
      'ENV',
      'IFS',
    ],
    ...[
      'PROMPT_COMMAND',
      'PYTHONSTARTUP',
      'PYTHONPATH',
      'GIT_SSH_COMMAND',
      'GIT_CONFIG_COUNT',
      'SSL_CERT_FILE',
      'TMPDIR',
    ],
    ...[
      'http_proxy',
      'HTTPS_PROXY',
      'All_Proxy',
      'NO_PROXY',
      'AGENTBOX',
      'AGENTBOX_BYPASS',
      'XDG_CONFIG_HOME',
      'SHELL',
    ],
    ...[
      'ANTHROPIC_BASE_URL',
      'OPENAI_API_KEY',
      'GH_TOKEN',
      'CODEX_HOME',
      'CLAUDE_CONFIG_DIR',
      'GOOGLE_GEMINI_BASE_URL',
    ],
    ...[
      'DISABLE_AUTOUPDATER',
      'IS_SANDBOX',
      'npm_config_registry',
      'REQUESTS_CA_BUNDLE',
      'GIT_ASKPASS',
      'SSH_AUTH_SOCK',
    ],
    ...['A-B', '1A', '', 'A B', 'A=B'],
  ])('a repository does not set %j', (name) => {
    expect(checkRepoVariable(name)).toBeTypeOf('string')
  })

  it('no variable that an agent reads is left to a repository', () => {
    const names = agents.flatMap((agent) => [
      ...agent.env.map((name) => name.replace('*', 'X')),
      ...Object.keys(agent.set),
    ])
    expect(names.filter((name) => checkRepoVariable(name) === undefined)).toEqual([])
    expect(names.filter((name) => checkVariable(name) !== undefined)).toEqual([])
  })
})

describe('bytesOf', () => {
  it.each([
    ['8G', 8 * 2 ** 30],
    ['512M', 512 * 2 ** 20],
    ['64k', 64 * 2 ** 10],
    ['1T', 2 ** 40],
    [1048576, 1048576],
    ['0', 0],
    ['', undefined],
    ['8GB', undefined],
    ['8 G', undefined],
    ['-1', undefined],
    ['1.5G', undefined],
    ['1e9', undefined],
    [1.5, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    ['99999999T', undefined],
  ])('%j is %j', (size, wanted) => {
    expect(bytesOf(size)).toBe(wanted)
  })
})

describe('nearestKey', () => {
  it.each([
    ['filesytem', 'filesystem'],
    ['filesytem.read', 'filesystem.read'],
    ['filesystem.raed', 'filesystem.read'],
    ['hide', 'filesystem.hide'],
    ['memory', 'limits.memory'],
    ['network.allowed', 'network.allow'],
    ['Version', 'version'],
    ['completely-different', undefined],
    ['x', undefined],
    ['a'.repeat(1000), undefined],
  ])('%j → %j', (key, wanted) => {
    expect(nearestKey(key, 'repo')).toBe(wanted)
  })
})

describe('checkCommand', () => {
  it.each(['mytool', 'my-tool2', 'a.b+c_d'])('takes %s', (name) => {
    expect(checkCommand(name)).toBeUndefined()
  })

  it.each(['sh', 'bash', 'env', 'sudo', 'git', 'node', 'bwrap', 'agentbox', 'agentbox-wrap'])(
    'leaves %s, which others start, without a shim',
    (name) => expect(checkCommand(name)).toContain('every program would go through it'),
  )

  it.each(['', '.', '..', '-x', 'a/b', '../sh', 'a b', 'a\nb', 'a;b', '$(x)', 'x'.repeat(65)])(
    'takes no name that is none: %j',
    (name) => expect(checkCommand(name)).toBe('is not a name of a command'),
  )
})
