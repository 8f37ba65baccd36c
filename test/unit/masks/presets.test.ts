import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fold, matchName, matchPath, parseGlobs } from '../../../src/masks/glob.ts'
import { checkPattern, compileMatcher } from '../../../src/masks/patterns.ts'
import { maskPresets, presetsMarkdown } from '../../../src/masks/presets.ts'

const matcher = compileMatcher({ patterns: [], except: [] })
const isMasked = (path: string, isDirectory = false): boolean =>
  matcher.match(`/p/${path}`, isDirectory) !== undefined

const MASKED = `
.env .ENV .Env .env.local .env.production .env.production.local .env.test .env.development .env.staging .env.vault
.env~ .env.bak .env.swp .env.swo .env.save .env.orig .env.old .#.env #.env# .env-old .env_backup .env.un~ ..env.swp
.env.2024-01-01 .env1 .env-prod .env.js .env.ts .env.local.php .env.example.bak .env.example~ .env.d
prod.env Prod.ENV docker.env prod.env.bak prod.env~ prod.env.local #prod.env# .#prod.env .prod.env.swp config.env.php
.envrc .envrc.local .envrc~ .flaskenv .dev.vars .dev.vars.production .env.json apps/api/.env a/b/c/d/.env
id_rsa id_rsa.bak id_rsa_work ID_RSA id_ed25519 id_ed25519_github id_ecdsa id_dsa id_ed25519_sk deploy_rsa github_ed25519
ssh_host_rsa_key ssh_host_ed25519_key deploy_key private-key private_key.txt my-private-key.json
server.pem server.key server.key.bak server.pem~ key.pem cert.pem privkey.pem example.com-key.pem ca-key.pem root-key.pem
cert.p12 cert.pfx AuthKey_ABC.p8 release.jks release.keystore debug.keystore putty.ppk vault.kdbx master.key office.ovpn
wg0.conf platform.pk8 key.properties keystore.properties krb5.keytab
.netrc _netrc .netrc.bak .pgpass pgpass.conf .my.cnf .git-credentials .htpasswd .pypirc .dockercfg .docker/config.json
x/.docker/config.json kubeconfig kubeconfig.yaml kubeconfig-prod.yml prod.kubeconfig .boto .s3cfg .vault-token .vault_pass
.vault_pass.txt vault-password terraform.tfstate terraform.tfstate.backup prod.tfstate credentials.json .credentials.json
google-credentials.json client_secret_123.apps.googleusercontent.com.json client-secret.json service-account.json
service_account_prod.json serviceaccount.json my-service-account.json proj-firebase-adminsdk-x1.json secrets.yml secrets.yaml
secrets.json secrets.toml secrets.env secrets.prod.yaml Secrets.JSON .secrets .secret .secrets.toml secret.yaml
.streamlit/secrets.toml local.settings.json dev.secrets.yaml .token .github_token .bash_history .psql_history .password
.cargo/credentials.toml .codex/auth.json .m2/settings.xml kaggle.json .vscode/sftp.json credentials.yml
`

const READABLE = `
.env.example .env.sample .env.template .env.dist .env.defaults .env.schema .env.agent .ENV.EXAMPLE .Env.Sample
prod.env.example .env.production.example .env.local.sample .env-example example.env sample.env app.example.env .envrc.example
.dev.vars.example environment.ts env.ts env.d.ts vite-env.d.ts config.env.ts config.env.js app.env.spec.ts envoy.yaml .envoy.yaml
env environment environment.yml env.yaml prod-env.yaml README.md .envoy
id_rsa.pub id_ed25519.pub ID_RSA.PUB ssh_host_rsa_key.pub id.ts id_generator.ts grid_rsa.ts
cacert.pem CACERT.pem ca.pem ca-bundle.pem rds-ca-2019-root.pem rds-combined-ca-bundle.pem global-bundle.pem roots.pem chain.pem
fullchain.pem jwt.pub.pem server.public.pem public.pem public_key.pem jwt-public.key dhparam.pem dhparams2048.pem site.crt.pem
server.crt server.csr key.go key.ts key.rs keys.ts keyboard.tsx key.json keystore.ts keychain.swift pem.go private-key.ts
secrets.ts secrets.go secrets.py secret.ts secrets.test.ts secretsManager.ts .secrets.baseline secrets.example.yaml
templates/secret.yaml chart/templates/secrets.yaml sealed-secrets.yaml external-secret.yaml secrets.schema.json
auth.json locales/en/auth.json credentials.ts credentials credentials.go credentials.test.ts user-credentials.ts
config.json docker/config.json .npmrc .yarnrc.yml tfstate.go main.tf prod.tfvars terraform.tfvars tokens.css token.ts
package.json vault.go vault_password_loader.py .gitignore .gitattributes .dockerignore docker-compose.yml Dockerfile
settings.xml settings.json history.ts kubeconfig.go passwords.ts .prettierrc .editorconfig wg.conf wgpu.conf.ts netrc.go
`

const words = (text: string): string[] => text.trim().split(/\s+/)

describe('built-in presets', () => {
  test.each(words(MASKED))('masks %s', (path) => {
    expect(isMasked(path)).toBe(true)
    expect(matcher.interesting.test(path.slice(path.lastIndexOf('/') + 1))).toBe(true)
  })

  test.each(words(READABLE))('leaves %s readable', (path) => {
    expect(isMasked(path)).toBe(false)
  })

  test.each([
    '.env copy',
    '.env (copy)',
    'prod.env copy 2',
    '.env\nx',
    '.env.\udcff',
    '.env.\u{1f600}',
    'a\nb.pem',
    '\udcfe.key',
  ])('masks the odd name %j', (path) => {
    expect(isMasked(path)).toBe(true)
    expect(matcher.interesting.test(path)).toBe(true)
  })

  test.each([
    '.aws',
    '.ssh',
    '.gnupg',
    '.kube',
    '.azure',
    '.env',
    '.secrets',
    'a/.config/gcloud',
    '.config/gh',
  ])('masks the directory %s', (path) => expect(isMasked(path, true)).toBe(true))

  test.each([
    'kubeconfig',
    'src',
    'credentials',
    'gcloud',
    'gh',
    'env',
    'secrets',
    'node_modules',
    '.git',
    '.vscode',
    '.docker',
  ])('leaves the directory %s alone', (path) => expect(isMasked(path, true)).toBe(false))

  test('a pattern for directories does not mask a file', () => expect(isMasked('.aws')).toBe(false))

  test('an exception lifts its own preset only', () => {
    expect(isMasked('id_rsa.env.example')).toBe(true)
  })

  test('says which pattern and preset', () => {
    expect(matcher.match('/p/.env', false)).toEqual({
      pattern: '.env*',
      origin: { layer: 'built-in' },
      preset: 'dotenv',
    })
  })
})

test('the documentation is in step', () => {
  const text = readFileSync(new URL('../../../docs/masks.md', import.meta.url), 'utf8')
  const [, table] = /<!-- presets -->\n([^]*)<!-- end of presets -->/.exec(text) ?? []
  expect(table?.trim()).toBe(presetsMarkdown().trim())
})

test('every pattern is one that a policy could hold too', () => {
  for (const { patterns, except } of maskPresets) {
    for (const pattern of [...patterns, ...except])
      expect([pattern, checkPattern(pattern)]).toEqual([pattern, undefined])
  }
})

test('the fast translation of the presets means what the glob language says', () => {
  const rules = maskPresets.map((preset) => ({
    masks: preset.patterns.flatMap(parseGlobs),
    except: preset.except.flatMap(parseGlobs),
  }))
  type Globs = ReturnType<typeof parseGlobs>
  const some = (globs: Globs, path: string, isDirectory: boolean): boolean =>
    globs.some(({ segments, anchored, directory }) => {
      if (directory && !isDirectory) return false
      const names = path.split('/').map(fold)
      return anchored ? matchPath(['**', ...segments], names) : matchName(segments[0] as never, names.at(-1)!)
    })
  const bit = fc.constantFrom(
    ...words(MASKED + READABLE).flatMap((name) => name.split(/(?=[./_~#-])/)),
    '\n',
    '\udc80',
    'K',
    'ſ',
  )
  const path = fc
    .array(bit, { minLength: 1, maxLength: 5 })
    .map((bits) => bits.join('').replace(/^\/+|\/+$/g, '') || 'x')
  fc.assert(
    fc.property(path, fc.boolean(), (one, isDirectory) => {
      const expected = rules.some(
        ({ masks, except }) => some(masks, one, isDirectory) && !some(except, one, isDirectory),
      )
      expect(isMasked(one, isDirectory)).toBe(expected)
      if (expected) expect(matcher.interesting.test(one.slice(one.lastIndexOf('/') + 1))).toBe(true)
    }),
    { numRuns: 3000 },
  )
})
