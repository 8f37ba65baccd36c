import { expect, it } from 'vitest'
import { registryHosts } from '../../../src/init/registries.ts'

it.each([
  ['registry=https://npm.acme.dev/', ['npm.acme.dev']],
  ['@acme:registry=https://user:pw@npm.acme.dev:8443/npm/', ['npm.acme.dev:8443']],
  ['npmRegistryServer: "https://npm.acme.dev"', ['npm.acme.dev']],
  ['--index-url https://pypi.acme.dev/simple', ['pypi.acme.dev']],
  ['extra-index-url = https://pypi.acme.dev/simple', ['pypi.acme.dev']],
  ['url = "https://pypi.acme.dev/simple"', ['pypi.acme.dev']],
  ["source 'https://gems.acme.dev'", ['gems.acme.dev']],
  ['<add key="acme" value="https://nuget.acme.dev/v3/index.json" />', ['nuget.acme.dev']],
  // The usual ones have presets.
  ['registry=https://registry.npmjs.org/', []],
  ['# registry=https://npm.acme.dev/', []],
  ['homepage = "https://acme.dev"', []],
  ['registry=https://*/', []],
  ['registry=https://a b/', ['a']],
  ['registry=https://10.0.0.1/', []],
  [`registry=https://${'a'.repeat(3000)}.dev/`, []],
  ['registry=https://x\u202e.dev/', []],
])('%s', (text, hosts) => expect(registryHosts(text)).toEqual(hosts))

it('names each host once, and takes long files', () => {
  const text = 'registry=https://b.dev/\nregistry=https://a.dev/\n'.repeat(5000)
  expect(registryHosts(text)).toEqual(['a.dev', 'b.dev'])
})
