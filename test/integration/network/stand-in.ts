// In place of the program that serves a box's network: the same, with made-up names.
import { readFileSync } from 'node:fs'
import { serveBox } from '../../../src/network/process.ts'
import { dialAddress } from '../../../src/network/proxy/index.ts'

/** `name:port` → port of this machine's loopback. */
const { places } = JSON.parse(readFileSync(process.env['STAND_IN']!, 'utf8')) as {
  places: Record<string, number>
}
const names = [...new Set(Object.keys(places).map((place) => place.slice(0, place.lastIndexOf(':'))))]

/** Public addresses, so that what is refused for being private stays refused. */
const addressOf = (name: string): string => `93.184.216.${names.indexOf(name) + 1}`

serveBox({
  resolve: (name) => Promise.resolve(names.includes(name) ? [addressOf(name)] : []),
  dial(address, port) {
    const name = names.find((one) => addressOf(one) === address)
    const place = places[`${name}:${port}`]
    return place === undefined ? Promise.reject(new Error('no such place')) : dialAddress('127.0.0.1', place)
  },
})
