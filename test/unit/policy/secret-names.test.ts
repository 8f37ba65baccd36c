import { expect, it } from 'vitest'
import { looksSecret } from '../../../src/policy/secret-names.ts'

it.each([
  ['GITHUB_TOKEN', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['AWS_ACCESS_KEY_ID', true],
  ['OPENAI_API_KEY', true],
  ['NPM_AUTH', true],
  ['DB_PASSWORD', true],
  ['MYSQL_PWD', true],
  ['SENTRY_DSN', true],
  ['githubtoken', true],
  ['PWD', false],
  ['OLDPWD', false],
  ['SSH_AUTH_SOCK', false],
  ['PATH', false],
  ['KEYBOARD', false],
  ['MONKEY', false],
  ['TERM', false],
])('%s looks like a secret: %s', (name, expected) => expect(looksSecret(name)).toBe(expected))
