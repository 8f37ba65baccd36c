import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTls } from 'node:https'
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import ssh2 from 'ssh2'

/** Servers on loopback that stand in for hosts of the internet. */
export interface Servers {
  /** The authority that signed their certificate. */
  ca: string
  ports: { https: number; http: number; ssh: number; tcp: number }
  /** Requests as the servers saw them, in order. */
  seen: { method: string; url: string; host: string; headers: string; tls: boolean }[]
  close(): void
}

const NAMES = ['registry.npmjs.org', 'pypi.org', 'git.example', 'api.anthropic.com', 'plain.example']

export async function startServers(dir: string): Promise<Servers> {
  mkdirSync(dir, { recursive: true })
  const { ca, key, cert } = certificates(dir)
  const files = { repository: bareRepository(dir), wheel: pythonWheel(dir) }
  const seen: Servers['seen'] = []
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const tls = 'encrypted' in request.socket
    const { method = '', url = '', rawHeaders } = request
    seen.push({ method, url, host: request.headers.host ?? '', headers: rawHeaders.join('\n'), tls })
    answer(request, response, files)
  }
  const list: Server[] = [
    createTls({ key: readFileSync(key), cert: readFileSync(cert) }, serve),
    createServer(serve),
    sshServer(files.repository),
    createTcp((socket) => void socket.on('error', () => {}).write('first\n', () => socket.pipe(socket))),
  ]
  const [https, http, ssh, tcp] = await Promise.all(list.map((server) => listen(server)))
  return {
    ca,
    ports: { https: https!, http: http!, ssh: ssh!, tcp: tcp! },
    seen,
    close() {
      for (const server of list) server.close()
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function certificates(dir: string): { ca: string; key: string; cert: string } {
  const [ca, key, cert] = [join(dir, 'ca.pem'), join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' })
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', ca, '-subj', '/CN=test authority')
  openssl('req', ...ec, '-keyout', key, '-out', 'csr.pem', '-subj', '/CN=test')
  writeFileSync(join(dir, 'ext'), `subjectAltName=${NAMES.map((name) => `DNS:${name}`).join(',')}\n`)
  const sign = ['-CA', ca, '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext']
  openssl('x509', '-req', '-in', 'csr.pem', '-out', cert, ...sign)
  return { ca, key, cert }
}

function bareRepository(dir: string): string {
  const repository = join(dir, 'repo.git')
  const work = join(dir, 'work')
  const git = (cwd: string, ...args: string[]): void =>
    void execFileSync(
      'git',
      ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'safe.directory=*', ...args],
      {
        cwd,
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], HOME: dir },
      },
    )
  mkdirSync(work)
  git(work, 'init', '-q')
  writeFileSync(join(work, 'file.txt'), 'cloned\n')
  git(work, 'add', '.')
  git(work, 'commit', '-qm', 'one')
  git(dir, 'clone', '-q', '--bare', work, repository)
  git(repository, 'update-server-info')
  return repository
}

interface Files {
  repository: string
  wheel: Buffer
}

function answer(request: IncomingMessage, response: ServerResponse, files: Files): void {
  const { repository, wheel } = files
  const path = (request.url ?? '').split('?')[0]!
  const { tarball, integrity } = npmPackage()
  if (path === '/tiny-package') return void response.end(JSON.stringify(packument(integrity)))
  if (path.endsWith('.tgz')) return void response.end(tarball)
  if (path === `/${WHEEL}`) return void response.end(wheel)
  if (path === '/simple/tiny-wheel/')
    return void response
      .setHeader('content-type', 'text/html')
      .end(`<!DOCTYPE html><a href="/${WHEEL}">${WHEEL}</a>`)
  if (path.startsWith('/simple/')) return void response.end('<a href="x">x</a>')
  if (path === '/slow') return events(response)
  if (path === '/torn') return torn(response)
  if (path === '/v1/messages') return void response.end('answered')
  if (path.startsWith('/repo.git/')) {
    try {
      return void response.end(readFileSync(join(repository, path.slice('/repo.git/'.length))))
    } catch {
      return void response.writeHead(404).end()
    }
  }
  response.end(`hello from ${request.headers.host}\n`)
}

/** Server-sent events, the second of which comes when the client has seen the first. */
function events(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('data: one\n\n')
  setTimeout(() => response.end('data: two\n\n'), 500)
}

/** A long answer, of which only the first part comes. */
function torn(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': 1 << 24 })
  response.write(Buffer.alloc(1 << 16), () => response.socket?.destroy())
}

const WHEEL = 'tiny_wheel-1.0-py3-none-any.whl'

/** A package for pip, of one module. */
function pythonWheel(dir: string): Buffer {
  const script = [
    'import sys, zipfile',
    'info = "tiny_wheel-1.0.dist-info/"',
    'with zipfile.ZipFile(sys.argv[1], "w") as whole:',
    '    whole.writestr("tiny_wheel.py", "word = \\"from a wheel\\"\\n")',
    '    whole.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny-wheel\\nVersion: 1.0\\n")',
    '    whole.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")',
    '    whole.writestr(info + "RECORD", "".join(f"{name},,\\n" for name in whole.namelist()))',
  ]
  execFileSync('/usr/bin/python3', ['-c', script.join('\n'), join(dir, WHEEL)])
  return readFileSync(join(dir, WHEEL))
}

/** A tar archive of package.json alone. */
function npmPackage(): { tarball: Buffer; integrity: string } {
  const content = Buffer.from('{"name":"tiny-package","version":"1.0.0"}\n')
  const header = Buffer.alloc(512)
  header.write('package/package.json', 0)
  header.write('0000644\u00000000000\u00000000000\u0000', 100)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const tarball = Buffer.concat([header, content, Buffer.alloc(512 - content.length + 1024)])
  return { tarball, integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}` }
}

function packument(integrity: string): object {
  const dist = { tarball: 'https://registry.npmjs.org/tiny-package-1.0.0.tgz', integrity }
  return {
    name: 'tiny-package',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { name: 'tiny-package', version: '1.0.0', dist } },
  }
}

/** Lets everybody in and runs git-upload-pack of the one repository. */
function sshServer(repository: string): Server {
  const { private: key } = ssh2.utils.generateKeyPairSync('ed25519')
  const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept) => {
      accept().on('exec', (take) => {
        const channel = take()
        const child = spawn('git', ['-c', 'safe.directory=*', 'upload-pack', repository])
        channel.pipe(child.stdin)
        child.stdout.pipe(channel, { end: false })
        child.on('close', (status) => {
          channel.exit(status ?? 1)
          channel.end()
        })
      })
    })
  })
  return server
}
