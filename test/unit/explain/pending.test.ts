import { expect, it } from 'vitest'
import type { Grant } from '../../../src/errors.ts'
import { pendingAbout } from '../../../src/explain/pending.ts'
import type { Explanation } from '../../../src/explain/types.ts'

it.each<[Explanation['kind'], string, Grant['kind'], string, boolean]>([
  ['path', '/srv/docs/a', 'read', '/srv/docs', true],
  ['path', '/srv/docs', 'write', '/srv/docs', true],
  ['path', '/srv/docs2', 'read', '/srv/docs', false],
  ['path', '/srv', 'read', '/srv/docs', false],
  ['variable', 'CI', 'env', 'CI', true],
  ['variable', 'MYAPP_A', 'env', 'MYAPP_*', true],
  ['variable', 'CI2', 'env', 'CI', false],
  ['variable', 'CI', 'network', 'CI', false],
  ['host', 'registry.npmjs.org:443', 'network', '@npm', true],
  ['host', 'a.example.com:443', 'network', '*.example.com', true],
  ['host', 'example.com:443', 'network', '*.example.com', false],
  ['host', 'example.com:22', 'network', 'example.com', false],
  ['host', 'api.example.com:443', 'network', '@agent', true],
  ['host', 'anything.example:25', 'network', 'mode: host', true],
  ['host', 'host:443', 'network', 'port 443', false],
  ['path', '/srv/docs', 'unmask', '/srv/docs', false],
])('%s %s is what %s %s is about: %s', (kind, subject, grant, value, expected) => {
  const told: Explanation = { kind, subject, state: 'absent', because: [], also: [], change: [] }
  const found = pendingAbout(told, [{ kind: grant, value, file: '/p/.agentboxrc' }], ['api.example.com'])
  expect(found.length).toBe(expected ? 1 : 0)
})
