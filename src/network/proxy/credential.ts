import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { PLACEHOLDER } from '../../policy/credential-env.ts'
import type { Credential } from '../../policy/types.ts'
import { readAuthority } from '../rules/host.ts'
import { admit, Refusal, type Access } from './access.ts'
import { dialRoute } from './dial.ts'
import { forward } from './forward.ts'
import { makeTurns } from './in-turn.ts'
import { refusalText, statusOf } from './refusal.ts'

/** Milliseconds: what a command prints may be a token that ends some time. */
const KEPT = 300_000

/** Where credentials come from, on the host. */
export interface Secrets {
  env: Readonly<Record<string, string | undefined>>
  home: string
}

/**
 * Serves plain HTTP inside the box and passes it on over TLS to exactly one host, with the real credential
 * in place of whatever the client sent.
 */
export function credentialFront(
  access: Access,
  credential: Credential,
  secrets: Secrets,
): (client: Duplex) => void {
  const secret = kept(() => readSecret(credential.from, secrets))
  const inTurn = makeTurns()
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
    inTurn(request, response, () =>
      pass(request, response).catch((error: unknown) => refuse(response, error)),
    )
  })
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? ''
    if (!path.startsWith('/')) throw new Refusal('malformed', 'this is no proxy')
    // What answers it sends the request back, and the credential with it.
    if (request.method === 'TRACE') throw new Refusal('malformed', 'TRACE is not passed on')
    const value = headerValue(credential.header, await secret())
    const socket = await dialTls(access, credential.host)
    const add = [[credential.header, value]] as const
    withoutPlaceholder(request.rawHeaders)
    await forward(request, response, { socket, path, add, host: credential.host })
  }
  const refuse = (response: ServerResponse, error: unknown): void => {
    const refusal =
      error instanceof Refusal ? error : new Refusal('unreachable', 'no connection', credential.host)
    if (response.headersSent) return void response.destroy()
    response.writeHead(statusOf(refusal), {
      'Content-Type': 'text/plain; charset=utf-8',
      Connection: 'close',
    })
    response.end(refusalText(refusal))
  }
  server.on('clientError', (_, client) => client.destroy())
  return (client) => {
    client.on('error', () => client.destroy())
    server.emit('connection', client)
  }
}

/** Clients put their key in one of several headers. */
function withoutPlaceholder(raw: string[]): void {
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if (raw[at + 1]!.includes(PLACEHOLDER)) raw.splice(at, 2)
  }
}

async function dialTls(access: Access, place: string): Promise<Duplex> {
  const authority = readAuthority(place, 443)
  if (authority === undefined) throw new Refusal('malformed', 'the host cannot be read')
  const route = await admit(access, authority, 'credential')
  const socket = await dialRoute(access, route)
  const { host } = route
  const named = isIP(host) === 0 ? { servername: host } : {}
  const secure = connectTls({ socket, host, ...named, ALPNProtocols: ['http/1.1'] })
  return new Promise((resolve, reject) => {
    secure.once('secureConnect', () => resolve(secure))
    // Also when the certificate is not the host's: then nothing is sent.
    secure.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Refusal('unreachable', error.code ?? 'TLS failed', host)),
    )
  })
}

function headerValue(header: string, secret: string): string {
  return header.toLowerCase() === 'authorization' && !secret.includes(' ') ? `Bearer ${secret}` : secret
}

function kept(read: () => Promise<string>): () => Promise<string> {
  let value: Promise<string> | undefined
  let until = 0
  return () => {
    if (value === undefined || Date.now() > until) {
      until = Date.now() + KEPT
      value = read()
      value.catch(() => (value = undefined))
    }
    return value
  }
}

/** The box learns only that there is none: what a failing command says may be secret too. */
async function readSecret(from: string, { env, home }: Secrets): Promise<string> {
  const [kind, rest] = [from.slice(0, from.indexOf(':')), from.slice(from.indexOf(':') + 1)]
  const text = await sourceText(kind, rest, env, home).catch(() => undefined)
  const secret = text?.trim() ?? ''
  if (secret === '' || /[^\u0021-\u007e ]/.test(secret)) {
    throw new Refusal('unreachable', "the user's credential for it cannot be read", 'this host')
  }
  return secret
}

async function sourceText(
  kind: string,
  rest: string,
  env: Secrets['env'],
  home: string,
): Promise<string | undefined> {
  switch (kind) {
    case 'env':
      return env[rest]
    case 'file':
      return readFile(rest.startsWith('~/') ? `${home}/${rest.slice(2)}` : rest, 'utf8')
    default: {
      const run = promisify(execFile)
      return (await run('/bin/sh', ['-c', rest], { cwd: home, env, timeout: 30_000 })).stdout
    }
  }
}
