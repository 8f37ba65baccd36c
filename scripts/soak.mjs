#!/usr/bin/env node
// npm run soak [-- --minutes N]: random edits by several tools against three boxes with readers inside. Fails if a
// secret can be read later than a second after it appeared, or if a supervisor's descriptors or memory grow.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from './build.mjs'
import { setup } from './setup.mjs'
import { capture, given, main, root, say, Stop } from './lib/tools.mjs'

const BOXES = 3
/** The tool that replaces a whole directory. */
const REPLACES_C = 5
/** Milliseconds after which nobody may read it. */
const LIMIT = 1000
const agentbox = path.join(root, 'dist/agentbox.cjs')
const names = ['.env', '.env.local', 'a/.env', 'a/b/.env.prod', 'a/id_rsa', 'c/.env', 'c/d/service.pem']

await main(async () => {
  const usage = 'npm run soak [-- --minutes N]'
  const { values } = given(usage, { minutes: { type: 'string', default: '10' } })
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new Stop(`usage: ${usage}`)
  setup(['run', 'build', 'test'])
  await build()
  // Not below /tmp: the box has its own.
  const base = fs.mkdtempSync('/var/lib/agentbox-soak-')
  try {
    return await soak(base, minutes * 60_000)
  } finally {
    fs.rmSync(base, { recursive: true, force: true })
  }
})

async function soak(base, duration) {
  const project = path.join(base, 'home/project')
  fs.mkdirSync(path.join(project, 'a/b'), { recursive: true })
  fs.mkdirSync(path.join(project, 'c/d'), { recursive: true })
  const env = { HOME: path.join(base, 'home'), PATH: process.env.PATH, TERM: 'dumb', NO_COLOR: '1' }
  capture('git', ['init', '-q', project], { env })
  const boxes = await Promise.all(Array.from({ length: BOXES }, () => startBox(project, env)))
  say(`soak: ${BOXES} boxes, ${Math.round(duration / 60_000)} minutes …`)
  await delay(2000)
  const state = {
    born: new Map(),
    how: new Map(),
    place: new Map(),
    touched: new Map(),
    late: [],
    seen: 0,
    edits: 0,
    next: 0,
  }
  for (const box of boxes) box.onRead = (token) => judge(state, token)
  const end = Date.now() + duration
  // Compared with what each has after a tenth of the time: by then everything has been used once.
  const first = Date.now() + duration / 10
  let before
  while (Date.now() < end && boxes.every(({ child }) => child.exitCode === null)) {
    await edit(project, env, state)
    state.edits++
    if (before === undefined && Date.now() > first) before = boxes.map(usage)
    await delay(Math.random() * 60)
  }
  const died = boxes.filter(({ child }) => child.exitCode !== null)
  const after = died.length > 0 ? [] : boxes.map(usage)
  await delay(LIMIT)
  for (const { child } of boxes) child.kill('SIGTERM')
  await Promise.all(boxes.map(({ ended }) => ended))
  return report(state, before ?? [], after, died)
}

/** Its reader prints each token that it can read, with the time. */
async function startBox(project, env) {
  const source = `
    const fs = require('fs'); const last = {}
    console.log('up')
    setInterval(() => { for (const name of ${JSON.stringify(names)}) {
      let text = ''
      try { text = fs.readFileSync(name, 'utf8') } catch {}
      for (const token of text.match(/token-\\d+/g) ?? []) console.log(Date.now() + ' ' + token)
    } }, 5)`
  const argv = [agentbox, 'run', '--', 'node', '-e', source]
  const child = spawn(process.execPath, argv, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const box = { child, onRead: () => {}, problem: '' }
  box.ended = new Promise((resolve) => child.once('close', resolve))
  child.stderr.on('data', (chunk) => (box.problem += chunk))
  await new Promise((resolve, reject) => {
    box.ended.then(() => reject(new Stop(`soak: ${box.problem}`)))
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) {
        if (line === 'up') resolve()
        else box.onRead(line)
      }
    })
  })
  return box
}

function judge(state, line) {
  const [at, token] = line.split(' ')
  state.seen++
  // When its file is replaced or removed, the kernel takes the mask away first: for a moment it is bare again.
  const age =
    Number(at) - Math.max(state.born.get(token) ?? 0, state.touched.get(state.place.get(token)) ?? 0)
  if (age > LIMIT) state.late.push(`${token}: ${age} ms, ${state.how.get(token)}`)
}

/** One change, by one of several tools. The token is born when its tool has ended. */
async function edit(project, env, state) {
  const name = names[Math.floor(Math.random() * names.length)]
  const token = `token-${state.next++}`
  const file = path.join(project, name)
  const tools = [
    () => fs.writeFileSync(file, `KEY=${token}\n`),
    () => byRename(file, token, project),
    () => sh(`rm -f '${name}'; echo KEY=${token} > '${name}'`, project, env),
    () => sh(`[ -e '${name}' ] || echo A=1 > '${name}'; sed -i 's/=.*/=${token}/' '${name}'`, project, env),
    () =>
      sh(
        `mv '${name}' '${name}.bak' 2>/dev/null; echo KEY=${token} > '${name}'; rm -f '${name}.bak'`,
        project,
        env,
      ),
    () =>
      sh(
        `mkdir -p new/x && echo KEY=${token} > new/x/.env && rm -rf c && mkdir -p c/d && mv new/x/.env c/.env && rm -r new`,
        project,
        env,
      ),
    () =>
      sh(
        `vim -es -N -u NONE -i NONE -c 'set backup backupskip= backupcopy=no' -c 'call setline(1, "KEY=${token}")' -c wq '${name}' </dev/null; rm -f '${name}~'`,
        project,
        env,
      ),
    () =>
      sh(
        `git add -f '${name}' 2>/dev/null; echo KEY=${token} > '${name}'; git checkout -q -- '${name}' 2>/dev/null; git rm -q --cached '${name}' 2>/dev/null`,
        project,
        env,
      ),
  ]
  const tool = Math.floor(Math.random() * tools.length)
  const touch = (at) => {
    for (const one of names)
      if (one === name || (tool === REPLACES_C && one.startsWith('c/'))) state.touched.set(one, at)
  }
  state.born.set(token, Infinity)
  // What is masked there is bare for a moment whenever it is replaced.
  state.place.set(token, tool === REPLACES_C ? 'c/.env' : name)
  touch(Infinity)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  await tools[tool]()
  touch(Date.now())
  state.born.set(token, Date.now())
  state.how.set(token, `tool ${tool} on ${name}`)
}

function byRename(file, token, project) {
  fs.writeFileSync(path.join(project, 'temporary'), `KEY=${token}\n`)
  fs.renameSync(path.join(project, 'temporary'), file)
}

function sh(script, cwd, env) {
  return new Promise((resolve) => {
    spawn('sh', ['-c', script], { cwd, env, stdio: 'ignore' }).once('close', resolve)
  })
}

function usage({ child: { pid } }) {
  const memory = Number(/VmRSS:\s*(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  return { memory, descriptors: fs.readdirSync(`/proc/${pid}/fd`).length }
}

function report({ edits, seen, late }, before, after, died) {
  say(`soak: ${edits} edits; read within the first second: ${seen}; later: ${late.length}`)
  for (const line of late.slice(0, 40)) say(`soak: LATE ${line}`)
  for (const { problem } of died) say(`soak: a box ended: ${problem}`)
  let grown = 0
  before.forEach(({ memory, descriptors }, at) => {
    const now = after[at]
    if (now === undefined) return
    say(
      `soak: box ${at}: ${memory.toFixed(0)} → ${now.memory.toFixed(0)} MB, ${descriptors} → ${now.descriptors} descriptors`,
    )
    if (now.memory > memory + 25 || now.descriptors > descriptors + 10) grown++
  })
  const good = late.length === 0 && died.length === 0 && grown === 0
  say(`soak: ${good ? 'passed' : 'FAILED'}`)
  return good ? 0 : 1
}
