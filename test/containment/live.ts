import { chownSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestHome } from '../support/home.ts'
import type { TestProject } from './project.ts'
import type { Secrets } from './secrets.ts'

/** What the host writes while a box runs, at the probe's word. */
export interface LivePart {
  /** Goes into the map of the world: names and places, no secret. */
  map: { go: string; done: string; places: { name: string; path: string }[] }
  play(): { stop(): Promise<void> }
}

export function livePart(home: TestHome, { place }: TestProject, secrets: Secrets): LivePart {
  const [go, done] = [`${place}/probe-live-go`, `${place}/probe-live-done`]
  const { uid, gid } = lstatSync(place)
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    chownSync(path, uid, gid)
  }
  const acts: { name: string; path: string; act(path: string, secret: string): void }[] = [
    { name: 'appeared', path: `${place}/live/.env.local`, act: write },
    { name: 'appeared-key', path: `${place}/live/id_ed25519`, act: write },
    { name: 'renamed-to', path: `${place}/live/.env`, act: viaRename(write) },
    { name: 'replaced', path: `${place}/api/.env`, act: viaRename(write) },
    { name: 'in-new-directory', path: `${place}/live/new/deep/.env`, act: write },
    { name: 'directory-moved-in', path: `${place}/live/moved/.env`, act: movedIn(home, write) },
    { name: 'by-the-policy', path: `${place}/live/late.tfvars`, act: write },
  ]
  mkdirSync(`${place}/live`)
  chownSync(`${place}/live`, uid, gid)
  return {
    map: { go, done, places: acts.map(({ name, path }) => ({ name, path })) },
    play() {
      const over = new AbortController()
      const played = (async () => {
        while (!existsSync(go) && !over.signal.aborted) await delay(10)
        if (over.signal.aborted) return
        for (const { name, path, act } of acts) act(path, `TOKEN=${secrets.make(`live:${name}`)}\n`)
        write(done, '')
      })()
      return {
        async stop() {
          over.abort()
          await played
          for (const path of [go, done]) rmSync(path, { force: true })
        },
      }
    },
  }
}

type Write = (path: string, text: string) => void

const viaRename =
  (write: Write): Write =>
  (path, text) => {
    write(`${path}~probe`, text)
    renameSync(`${path}~probe`, path)
  }

const movedIn =
  ({ base }: TestHome, write: Write): Write =>
  (path, text) => {
    rmSync(`${base}/outside`, { recursive: true, force: true })
    write(`${base}/outside/.env`, text)
    rmSync(dirname(path), { recursive: true, force: true })
    renameSync(`${base}/outside`, dirname(path))
  }
