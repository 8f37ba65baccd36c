// The kernel's files and switches, the root of the box, and what the C programs try.
import { spawnSync } from 'node:child_process'
import dgram from 'node:dgram'
import fs from 'node:fs'
import net from 'node:net'
import { all, failed, openForWriting, pass, refused, skipped, world } from './lib.mjs'

const SWITCHES = [
  ...'/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug'.split(' '),
  ...'/proc/sys/vm/drop_caches /proc/sys/fs/binfmt_misc/register /proc/sys/kernel/domainname'.split(' '),
  ...'/proc/sysrq-trigger /sys/kernel/uevent_helper /sys/power/state'.split(' '),
]
const SECRETIVE =
  '/proc/kcore /proc/kmsg /proc/kallsyms /proc/keys /dev/mem /dev/kmem /dev/port /dev/kmsg'.split(' ')
const DEVICES = /^(console|core|fd|full|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|urandom|zero)$/
const TOP = /^(bin|dev|etc|gnu|lib\w*|nix|opt|proc|run|sbin|tmp|usr|var)$/

export function kernel() {
  return [
    ['kernel-switches', () => all(SWITCHES.map((path) => refused(() => openForWriting(path))))],
    ['kernel-secrets', () => all(SECRETIVE.map(closed))],
    ['sys-absent', () => (fs.existsSync('/sys/kernel') ? failed('/sys/kernel is there') : pass('absent'))],
    ['devices', devices],
    ['privileges', privileges],
    ['root-listing', rootListing],
    ['home-ancestors', homeAncestors],
    ['root-writable', rootWritable],
    ['system-writable', () => all(['/usr', '/usr/bin', '/etc', '/proc/sys'].map(notWritable))],
  ]
}

export const network = () => [
  ['network-interfaces', interfaces],
  ['network-metadata', () => noRoute('169.254.169.254', 80)],
  ['network-lan', () => noRoute('192.168.0.1', 80)],
  ['network-outside', () => noRoute('192.0.2.1', 443)],
  ['network-dns', noNames],
]

/** An error at once: nothing was sent that somebody might have answered. */
function noRoute(host, port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const done = (result) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(1500, () => done(failed('packets leave')))
    socket.on('connect', () => done(failed('connected')))
    socket.on('error', ({ code }) => done(code === 'ECONNREFUSED' ? failed(code) : pass(code)))
  })
}

/** A question that reaches a name server carries data out. */
function noNames() {
  return new Promise((resolve) => {
    const socket = dgram.createSocket('udp4')
    const done = (result) => {
      socket.close()
      resolve(result)
    }
    socket.on('error', ({ code }) => done(pass(code)))
    socket.send('x', 53, '192.0.2.53', (error) =>
      done(error === null ? failed('a packet was sent') : pass(error.code)),
    )
  })
}

/** Refused, or without a byte. */
function closed(path) {
  return refused(() => {
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    try {
      if (fs.readSync(fd, Buffer.alloc(64)) === 0) throw Object.assign(new Error(), { code: 'empty' })
    } finally {
      fs.closeSync(fd)
    }
  })
}

function devices() {
  const strange = fs.readdirSync('/dev').filter((name) => !DEVICES.test(name))
  return strange.length === 0 ? pass('the usual') : failed(strange.join(' '))
}

function privileges() {
  const status = fs.readFileSync('/proc/self/status', 'utf8')
  const value = (name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1]
  const held = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].filter((name) => !/^0+$/.test(value(name)))
  if (held.length > 0) return failed(`${held.join(' ')}: ${value('CapEff')} ${value('CapBnd')}`)
  return value('NoNewPrivs') === '1' && value('Seccomp') === '2'
    ? pass('none')
    : failed('no filter, or not sealed')
}

/** The first part of the home's path is there as well, since the home is. */
function rootListing() {
  const allowed = new RegExp(`${TOP.source}|^${world.home.split('/')[1]}$`)
  const strange = fs.readdirSync('/').filter((name) => !allowed.test(name))
  return strange.length === 0 ? pass('the usual') : failed(strange.join(' '))
}

/** Between the root and the home there is nothing but the way to it. */
function homeAncestors() {
  const parts = world.home.split('/').slice(1)
  const strange = parts.flatMap((part, depth) => {
    if (depth === 0) return []
    const dir = `/${parts.slice(0, depth).join('/')}`
    return fs.readdirSync(dir).filter((name) => name !== part && !(dir === '/var' && name === 'tmp'))
  })
  return strange.length === 0 ? pass('nothing') : failed(strange.join(' '))
}

function rootWritable() {
  const loader = fs.readdirSync('/').filter((name) => name.startsWith('lib'))
  const places = ['/', '/etc', '/run', '/run/agentbox', '/var', '/dev', ...loader.map((name) => `/${name}`)]
  return all(places.filter((dir) => fs.existsSync(dir) && dir !== '/dev').map(notWritable))
}

function notWritable(dir) {
  const path = `${dir}/probe-${process.pid}`
  return refused(
    () => fs.writeFileSync(path, ''),
    () => fs.rmSync(path),
  )
}

function interfaces() {
  const names = fs
    .readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .slice(2)
    .map((line) => line.split(':')[0].trim())
    .filter((name) => name !== '' && name !== 'lo')
  return names.length === 0 ? pass('loopback only') : failed(names.join(' '))
}

/** The C programs print the same lines as we do; into a file, for Node's pipes are sockets, which may be closed. */
export function compiled(program, args) {
  const file = `${world.place}/probe-output`
  const output = fs.openSync(file, 'w')
  const options = { stdio: ['ignore', output, output], timeout: 20_000 }
  const done = spawnSync(new URL(program, import.meta.url).pathname, args, options)
  fs.closeSync(output)
  const text = fs.readFileSync(file, 'latin1')
  fs.rmSync(file)
  if (done.error !== undefined) return [[program, () => skipped(`it cannot be started: ${done.error.code}`)]]
  const lines = text.split('\n').filter((line) => line !== '')
  if (done.status !== 0 || lines.length === 0)
    return [[program, () => failed(`ended with ${done.status ?? done.signal}: ${text}`)]]
  return lines.map((line) => {
    const [verdict, name, ...detail] = line.split(' ')
    return [name, () => ({ verdict, detail: detail.join(' ') })]
  })
}
