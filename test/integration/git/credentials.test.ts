import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findCredentials } from '../../../src/git/credentials.ts'

/** Made up anew from a fixed seed; nothing here was ever valid, and none stands in this file as a whole. */
let seed = 7
const random = (limit: number): number => {
  seed = (seed * 1103515245 + 12345) % 2147483648
  return Math.floor((seed / 2147483648) * limit)
}
const from = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[random(alphabet.length)]).join('')
const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
const DIGITS = '0123456789'
const an = (length: number): string => from(LOWER + UPPER + DIGITS, length)
const hex = (length: number): string => from('0123456789abcdef', length)
const letters = (length: number): string => from(LOWER + UPPER, length)
const num = (length: number): string => from('123456789', length)
const block = (kind: string): string =>
  `-----BEGIN ${kind}-----\n${Array.from({ length: 8 }, () => an(64)).join('\n')}\n-----END ${kind}-----`

const KINDS: [kind: string, credential: string, file?: string][] = [
  ['AWS secret key', `AWS_SECRET_ACCESS_KEY=${an(40)}`],
  ['GitHub personal', `ghp_${an(36)}`],
  ['GitHub OAuth', `gho_${an(36)}`],
  ['GitHub user-to-server', `ghu_${an(36)}`],
  ['GitHub server-to-server', `ghs_${an(36)}`],
  ['GitHub refresh', `ghr_${an(36)}`],
  ['GitHub fine-grained', `github_pat_${an(82)}`],
  ['npm', `npm_${an(36)}`],
  ['npmrc', `//registry.npmjs.org/:_authToken=${an(36)}`, '.npmrc'],
  ['Slack bot', `xoxb-${num(12)}-${num(12)}-${an(24)}`],
  ['Slack user', `xoxp-${num(12)}-${num(12)}-${an(24)}`],
  ['Slack webhook', `https://hooks.slack.com/services/T${an(8)}/B${an(8)}/${an(24)}`],
  ['SendGrid', `SG.${an(22)}.${an(43)}`],
  ['Shopify', `shpat_${hex(32)}`],
  ['OpenAI', `sk-${an(20)}T3BlbkFJ${an(20)}`],
  ['Linear', `lin_api_${an(40)}`],
  ['address with a password', `https://deploy:${an(20)}@git.acme-corp.io/x`],
  ['RSA key', block('RSA PRIVATE KEY')],
  ['OpenSSH key', block('OPENSSH PRIVATE KEY')],
  ['PKCS8 key', block('PRIVATE KEY')],
  ['PGP key', block('PGP PRIVATE KEY BLOCK')],
  ['Anthropic', `sk-ant-api03-${an(93)}`],
  ['OpenRouter', `sk-or-v1-${hex(64)}`],
  ['Groq', `gsk_${an(52)}`],
  ['xAI', `xai-${an(80)}`],
  ['Perplexity', `pplx-${an(48)}`],
  ['Replicate', `r8_${an(37)}`],
  ['Hugging Face', `hf_${letters(34)}`],
  ['Google', `AIza${an(35)}`],
  ['Google OAuth', `GOCSPX-${an(28)}`],
  ['Stripe', `sk_live_${an(24)}`],
  ['Stripe restricted', `rk_live_${an(24)}`],
  ['Stripe webhook', `whsec_${an(32)}`],
  ['GitLab', `glpat-${an(20)}`],
  ['Atlassian', `ATATT3${an(180)}`],
  ['Docker', `dckr_pat_${an(27)}`],
  ['DigitalOcean', `dop_v1_${hex(64)}`],
  ['Databricks', `dapi${hex(32)}`],
  ['Vault', `hvs.${an(95)}`],
  ['Terraform', `${an(14)}.atlasv1.${an(67)}`],
  ['Doppler', `dp.pt.${an(43)}`],
  ['Pulumi', `pul-${hex(40)}`],
  ['Netlify', `nfp_${an(36)}`],
  ['Supabase', `sbp_${hex(40)}`],
  ['New Relic', `NRAK-${from(UPPER + DIGITS, 27)}`],
  ['Grafana', `glsa_${an(32)}_${hex(8)}`],
  ['Postman', `PMAK-${hex(24)}-${hex(34)}`],
  ['Notion', `ntn_${an(46)}`],
  ['Figma', `figd_${an(43)}`],
  ['Airtable', `pat${an(14)}.${hex(64)}`],
  ['PyPI', `pypi-AgEIcHlwaS5vcmc${an(100)}`],
  ['RubyGems', `rubygems_${hex(48)}`],
  ['Telegram', `${num(10)}:AA${an(33)}`],
  ['Discord webhook', `https://discord.com/api/webhooks/${num(18)}/${an(68)}`],
  ['Mailgun', `key-${hex(32)}`],
  ['Mailchimp', `${hex(32)}-us12`],
  ['Azure storage', `AccountKey=${an(86)}==;EndpointSuffix=core.windows.net`],
  ['age', `AGE-SECRET-KEY-1${from('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`],
  ['Postgres', `postgres://app:${an(16)}@db.acme-corp.io:5432/app`],
  ['MongoDB', `mongodb+srv://app:${an(16)}@cluster0.acme.mongodb.net/app`],
  ['Redis', `redis://:${an(24)}@cache.acme-corp.io:6379`],
]

const look = (path: string, text: string) => findCredentials(path, Buffer.from(text))

describe('findCredentials', () => {
  it(`knows ${KINDS.length} kinds`, () => expect(KINDS.length).toBeGreaterThanOrEqual(30))

  it.each(KINDS)(
    'finds a credential of %s, and never shows it',
    async (_, credential, file = 'src/config.ts') => {
      const found = await look(file, `const a = 1\n\nexport const x = '${credential}'\n`)
      expect(found.map(({ line }) => line)).toContain(3)
      // The longest run of the secret part must not be in the report.
      const secret = credential.split(/[^A-Za-z0-9]/).toSorted((a, b) => b.length - a.length)[0]!
      expect(JSON.stringify(found)).not.toContain(secret)
    },
  )

  it.each([
    ['on the line', (key: string) => `a = "${key}" # agentbox: allow-secret\n`],
    ['above it', (key: string) => `// agentbox: allow-secret, a test\na = "${key}"\n`],
    ['in the way of detect-secrets', (key: string) => `a = "${key}" # pragma: allowlist secret\n`],
    ['in the way of gitleaks', (key: string) => `a = "${key}" # gitleaks:allow\n`],
    ['in the way of secretlint', (key: string) => `// secretlint-disable-next-line\na = "${key}"\n`],
  ])('obeys a comment %s', async (_, text) => {
    const key = `ghp_${an(36)}`
    expect(await look('a.js', text(key))).toEqual([])
    expect(await look('a.js', `${text(key)}\nb = "${key}"\n`)).toHaveLength(1)
  })

  const secret = `ghp_${an(36)}`
  const text = `a: 1\r\ntoken: ${secret}\r\n`
  it.each<[string, Buffer]>([
    ['lines that end in CRLF', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16, little end first', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, big end first', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    [
      'UTF-16 that is cut off',
      Buffer.concat([Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), Buffer.of(0)]),
    ],
    ['base64', Buffer.from(`kind: Secret\n  token: ${Buffer.from(secret).toString('base64')}\n`)],
    [
      'a key in base64',
      Buffer.from(
        `kind: Secret\n  key: "${Buffer.from(`${block('RSA PRIVATE KEY')}\n`).toString('base64')}"\n`,
      ),
    ],
  ])('finds one in %s, by its line', async (_, content) => {
    expect((await findCredentials('secret.yaml', content)).map(({ line }) => line)).toEqual([2])
  })

  it('obeys a comment where the lines end in CRLF', async () => {
    expect(await look('a.yaml', `# agentbox: allow-secret\r\ntoken: ${secret}\r\n`)).toEqual([])
  })

  it('takes a megabyte of base64, and of nearly base64, for what it is', async () => {
    for (const text of [an(1_000_000), `${an(24)} `.repeat(40_000), `${an(6001)}-`.repeat(160)])
      expect(await look('data.txt', text)).toEqual([])
  })

  it('does not look into what is not text, and says nothing about stand-ins', async () => {
    expect(await findCredentials('a.bin', Buffer.from(`\0ghp_${an(36)}`))).toEqual([])
    for (const text of [
      'postgres://user:password@localhost/db',
      'redis://:${PASS}@cache.acme.io',
      'mysql://root:<pw>@db',
    ])
      expect(await look('README.md', text)).toEqual([])
  })

  it('is silent about 196 and more of 200 ordinary files of the dependencies', async () => {
    const files = ordinaryFiles('node_modules', 200)
    expect(files).toHaveLength(200)
    const found = await Promise.all(
      files.map(async (file) => [file, await findCredentials(file, readFileSync(file))]),
    )
    const alarms = found.filter(([, credentials]) => credentials!.length > 0)
    expect(alarms.length, JSON.stringify(alarms)).toBeLessThanOrEqual(4)
  })
})

/** Spread evenly over all text files of a tree, without the rules' own sources. */
function ordinaryFiles(top: string, count: number): string[] {
  const all: string[] = []
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = `${dir}/${entry.name}`
      if (entry.isDirectory() && !/secretlint|^\.|typescript|^@(ox|type)/.test(entry.name)) walk(path)
      else if (/\.(js|mjs|cjs|ts|json|md|yml|yaml)$|^LICENSE|^README/.test(entry.name)) all.push(path)
    }
  }
  walk(top)
  const text = all.toSorted().filter((path) => statSync(path).size < 200_000)
  return Array.from({ length: count }, (_, at) => text[Math.floor((at * text.length) / count)]!)
}
