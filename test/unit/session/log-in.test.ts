import { expect, it } from 'vitest'
import { refreshed } from '../../../src/session/log-in.ts'

const claude = {
  claudeAiOauth: { accessToken: 'a', refreshToken: 'b', expiresAt: 1, scopes: ['x'] },
  mcpOAuth: { one: { serverUrl: 'https://good.example/', accessToken: 'c' } },
}

it.each([
  [
    'tokens are taken over, addresses and what was added are not',
    claude,
    {
      claudeAiOauth: { accessToken: 'A', refreshToken: 'B', expiresAt: 2, scopes: ['x', 'all'], extra: 1 },
      mcpOAuth: { one: { serverUrl: 'https://evil.example/', accessToken: 'C' }, two: {} },
    },
    {
      claudeAiOauth: { accessToken: 'A', refreshToken: 'B', expiresAt: 2, scopes: ['x'] },
      mcpOAuth: { one: { serverUrl: 'https://good.example/', accessToken: 'C' } },
    },
  ],
  [
    'the account stays',
    { OPENAI_API_KEY: null, tokens: { id_token: 'a', account_id: 'me' }, last_refresh: '1' },
    { OPENAI_API_KEY: 'evil', tokens: { id_token: 'b', account_id: 'other' }, last_refresh: '2' },
    { OPENAI_API_KEY: null, tokens: { id_token: 'b', account_id: 'me' }, last_refresh: '2' },
  ],
  [
    'the place where a token is sent stays',
    { access_token: 'a', resource_url: 'portal.example', expiry_date: 1 },
    { access_token: 'b', resource_url: 'evil.example', expiry_date: 2 },
    { access_token: 'b', resource_url: 'portal.example', expiry_date: 2 },
  ],
  [
    'settings beside a log-in stay',
    {
      copilot_tokens: { 'https://github.example:me': 'a' },
      trusted_folders: ['/p'],
      editor: 'vi',
      ask: true,
    },
    {
      copilot_tokens: { 'https://github.example:me': 'b' },
      trusted_folders: ['/'],
      editor: 'evil',
      ask: false,
    },
    {
      copilot_tokens: { 'https://github.example:me': 'b' },
      trusted_folders: ['/p'],
      editor: 'vi',
      ask: true,
    },
  ],
  [
    'a token is a text without an address, a time is a number',
    { accessToken: 'a', refreshToken: 'b', secret: 'https://good.example', expiresAt: 1, tokens: { x: 1 } },
    {
      accessToken: 'https://evil.example/a',
      refreshToken: { $ref: 'evil' },
      secret: 'evil',
      expiresAt: 'never',
      tokens: { x: true },
    },
    { accessToken: 'a', refreshToken: 'b', secret: 'https://good.example', expiresAt: 1, tokens: { x: 1 } },
  ],
  [
    'nothing is taken from a prototype',
    { __proto__: 1, token: 'a' },
    JSON.parse('{"__proto__":{"token":"b"}}'),
    { token: 'a' },
  ],
])('%s', (_what, host, inside, expected) => {
  expect(refreshed(host, inside)).toEqual(expected)
})
