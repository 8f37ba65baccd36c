// Where an agent finds the fake API: on loopback, by the policy's proxy, or where its vendor's would be.
import fs from 'node:fs'
import net from 'node:net'
import http from 'node:http'
import os from 'node:os'
import { capture, Stop } from '../../../scripts/lib/tools.mjs'
import { startFakeApi } from './fake-api.mjs'
import { vendorRoutes } from './vendor.mjs'

/** As a user would have it; the box is to have it nowhere. */
export const realKey = 'sk-real-4f9d20ab77c1e853'

/** Resolves to the API, its URL, the user's configuration and variables, and `close`. */
export async function surroundings({ network, injected, vendor }, { agent, dir }) {
  if (injected === true) return await withCredential(agent, dir)
  if (vendor === true && agent.login.hosts !== undefined) return await withVendor(agent, dir)
  if (network === undefined) {
    const api = await startFakeApi()
    return { api, url: `http://127.0.0.1:${api.port}`, close: api.close }
  }
  const host = ownAddress()
  const tls = network.tls ? certificate(dir, [`IP:${host}`]) : undefined
  const api = await startFakeApi({ tls, host })
  const place = `${host}:${api.port}`
  const config = `version: 1\nnetwork: {mode: allow, allow: ["${place}"]}\n`
  const url = `${network.tls ? 'https' : 'http'}://${place}`
  return { api, url, config, env: tls?.env ?? {}, close: api.close }
}

/** The user's key is in a file that only agentbox is told of. */
async function withCredential({ credential }, dir) {
  const { host, header } = credential
  const around = await behindNames([host], dir)
  const file = `${dir}-tls/key.txt`
  fs.writeFileSync(file, realKey, { mode: 0o644 })
  const config = [
    'version: 1',
    `network: {mode: allow, allow: ["${host}"]}`,
    'credentials:',
    `  - {host: ${host}, header: ${header}, from: "file:${file}"}`,
    '',
  ].join('\n')
  return { ...around, url: 'http://this.is.replaced.invalid', config, injected: true }
}

/** Nothing but what the agent's profile lets through by itself. */
async function withVendor({ login }, dir) {
  const around = await behindNames(login.hosts, dir, vendorRoutes(login.refreshed))
  return { ...around, url: 'http://not.used.invalid', config: 'version: 1\n', vendor: true }
}

/**
 * The vendor's own host names, which a company's proxy leads to the fake API: nothing in agentbox knows that it is
 * not the real one.
 */
async function behindNames(hosts, dir, first = []) {
  const tls = certificate(
    dir,
    hosts.map((host) => `DNS:${host}`),
  )
  const api = await startFakeApi({ tls, first })
  const company = await companyProxy(
    hosts.map((host) => `${host}:443`),
    api.port,
  )
  const close = () => {
    api.close()
    company.close()
  }
  return { api, env: { ...tls.env, HTTPS_PROXY: `http://127.0.0.1:${company.port}` }, close }
}

/** Knows these places; everything else it refuses. */
function companyProxy(places, port) {
  const server = http.createServer((_, response) => response.writeHead(403).end())
  server.on('connect', ({ url }, client) => {
    client.on('error', () => {})
    if (!places.includes(url)) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const far = net.connect(port, '127.0.0.1')
    far.on('error', () => client.destroy())
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    client.pipe(far).pipe(client)
  })
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => resolve({ port: server.address().port, close }))
  })
}

/** An address of this machine's that a box with a network of its own does not have. */
function ownAddress() {
  const all = Object.values(os.networkInterfaces()).flat()
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  if (found === undefined) throw new Stop('e2e: this machine has no address but loopback')
  return found.address
}

/** A certificate for these names by an authority of our own, and the variables by which programs trust it. */
function certificate(dir, names) {
  const at = `${dir}-tls`
  fs.mkdirSync(at, { recursive: true })
  const openssl = (...args) => {
    const done = capture('openssl', args, { cwd: at })
    if (done.status !== 0) throw new Stop(`e2e: openssl: ${done.stderr}`)
  }
  const make = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = [
    '-x509',
    '-days',
    '2',
    '-subj',
    '/CN=fake authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  ]
  openssl(...make, ...authority)
  openssl(...make, '-subj', '/CN=fake', '-keyout', 'key.pem', '-out', 'request.pem')
  fs.writeFileSync(`${at}/names`, `subjectAltName=${names.join()}\nbasicConstraints=CA:FALSE\n`)
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'request.pem', ...sign, '-out', 'cert.pem')
  const file = `${at}/ca.pem`
  fs.chmodSync(file, 0o644)
  const env = { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file, CODEX_CA_CERTIFICATE: file }
  return { key: fs.readFileSync(`${at}/key.pem`), cert: fs.readFileSync(`${at}/cert.pem`), env }
}
