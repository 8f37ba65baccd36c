// Secrets that have a place: files, directories, sockets; in the home, elsewhere, in the project.
import fs from 'node:fs'
import net from 'node:net'
import { blind, bytes, failed, pass, read, unreadable, world } from './lib.mjs'

export function places() {
  return world.places.map(({ name, path, how }) => [name, () => routes[how](path)])
}

const routes = {
  read: (path) => unreadable(() => read(bytes(path))),
  absent(path) {
    if (fs.lstatSync(bytes(path), { throwIfNoEntry: false }) === undefined) return pass('ENOENT')
    return failed('it is there')
  },
  empty(path) {
    try {
      const names = fs.readdirSync(bytes(path))
      return names.length === 0 ? pass('empty') : failed(`${names.length} entries`)
    } catch (error) {
      return pass(error.code)
    }
  },
  connect: (path) => connect({ path }),
  tcp: (port) => connect({ host: '127.0.0.1', port: Number(port) }),
}

function connect(options) {
  return new Promise((resolve) => {
    let heard = ''
    const socket = net.connect(options)
    const done = (result) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(3000, () => done(failed('connected')))
    socket.on('data', (data) => (heard += data))
    socket.on('end', () => done(heard === '' ? failed('connected') : blind(heard)))
    socket.on('error', (error) => done(pass(error.code)))
  })
}
