import { appendFileSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { fsPath } from '../../../src/host/bytes.ts'
import type { TestHome } from '../../support/home.ts'

/** Something that somebody does on the host while boxes run. Returns the paths that must be covered then. */
export interface Scenario {
  name: string
  /** Takes long with many boxes. */
  heavy?: boolean
  act(at: TestHome, project: string): Promise<string[]> | string[]
}

const SECRET = 'TOKEN=do-not-read\n'

const put = (path: string, text = SECRET): string => {
  writeFileSync(fsPath(path), text)
  return path
}

const putBy = (path: string, temporary: string): string => {
  put(temporary)
  renameSync(temporary, fsPath(path))
  return path
}

const shell = (name: string, script: string, paths: string[]): Scenario => ({
  name,
  async act(at, project) {
    await at.must(['sh', '-ec', script], { cwd: project })
    return paths.map((path) => `${project}/${path}`)
  },
})

const plain = (name: string, act: (project: string) => string[]): Scenario => ({
  name,
  act: (_at, project) => act(project),
})

const vim = (options: string): string =>
  `vim -es -N -u NONE -i NONE -c 'set ${options} backupskip=' -c '%s/=.*/=changed-by-vim/' -c wq .env </dev/null`

/** In this order, in one project, in which `.env` and `deploy/id_rsa` are tracked by git. */
export const scenarios: Scenario[] = [
  plain('made in place', (p) => [put(`${p}/.env.local`)]),
  plain('made by rename', (p) => [putBy(`${p}/.env.staging`, `${p}/tmp1`)]),
  plain('replaced by rename', (p) => [putBy(`${p}/.env`, `${p}/tmp1`)]),
  shell('sed -i', "sed -i 's/=.*/=changed-by-sed/' .env", ['.env']),
  shell('vim, writing anew', vim('nobackup writebackup backupcopy=no'), ['.env']),
  shell('vim with backup, by rename', vim('backup backupcopy=no'), ['.env', '.env~']),
  shell('vim with backup, by copy', vim('backup backupcopy=yes'), ['.env', '.env~']),
  shell('git checkout of a tracked secret', 'git checkout -q -- .env', ['.env']),
  shell('git checkout of another branch', 'git checkout -q other; git checkout -q main', [
    '.env',
    'deploy/id_rsa',
  ]),
  shell('git stash and pop', 'echo A=1 >> .env; git stash -q; git stash pop -q', ['.env']),
  shell('git reset --hard', 'echo A=2 > .env; git reset -q --hard', ['.env']),
  shell('removed and made again', 'rm .env; echo TOKEN=again > .env', ['.env']),
  shell('moved to a backup, made again', 'mv .env .env.bak; echo TOKEN=again > .env', ['.env', '.env.bak']),
  shell('parent removed and made again', 'rm -r deploy; mkdir deploy; echo KEY > deploy/id_rsa', [
    'deploy/id_rsa',
  ]),
  plain('a new tree', (p) => {
    mkdirSync(`${p}/x/y/z`, { recursive: true })
    return [put(`${p}/x/y/z/.env`)]
  }),
  {
    name: 'a directory moved in',
    act(at, p) {
      at.write(`${at.home}/elsewhere/deep/er/.env`, SECRET)
      renameSync(`${at.home}/elsewhere`, `${p}/moved-in`)
      return [`${p}/moved-in/deep/er/.env`]
    },
  },
  shell('a directory renamed', 'mv moved-in renamed', ['renamed/deep/er/.env']),
  shell('in a renamed directory', 'rm renamed/deep/er/.env; echo A=1 > renamed/deep/er/.env.new', [
    'renamed/deep/er/.env.new',
  ]),
  plain('a link swapped in', (p) => {
    put(`${p}/behind.txt`)
    symlinkSync('behind.txt', `${p}/link1`)
    renameSync(`${p}/link1`, `${p}/.env.linked`)
    return [`${p}/behind.txt`]
  }),
  plain("a link's target replaced", (p) => [putBy(`${p}/behind.txt`, `${p}/tmp2`)]),
  plain('another name of a secret', (p) => {
    linkSync(`${p}/.env`, `${p}/innocent.txt`)
    return [`${p}/innocent.txt`]
  }),
  plain('a directory called .env', (p) => {
    mkdirSync(`${p}/sub/.env`, { recursive: true })
    put(`${p}/sub/.env/production`)
    return [`${p}/sub/.env`]
  }),
  shell('a FIFO called .env', 'mkdir fifos; mkfifo fifos/.env', ['fifos/.env']),
  plain('control characters', (p) => [put(`${p}/a\n\x1b[2J\x07.env`), put(`${p}/.env.\t\x7f`)]),
  plain('bytes that are no text', (p) => {
    mkdirSync(fsPath(`${p}/d\uDCFE`))
    return [put(`${p}/\uDCFF.env`), put(`${p}/d\uDCFE/.env.\uDC80`)]
  }),
  {
    name: '500 files in a burst',
    heavy: true,
    act(_at, p) {
      mkdirSync(`${p}/burst`)
      return Array.from({ length: 500 }, (_, i) => put(`${p}/burst/.env.${i}`))
    },
  },
  {
    name: 'a storm of events',
    heavy: true,
    async act(at, p) {
      await at.must(['mkdir', 'storm'], { cwd: p })
      const loop = `for (const end = Date.now() + 700; Date.now() < end;) { fs.writeFileSync('storm/f', ''); fs.rmSync('storm/f') }`
      const storm = at.must([at.node, '-e', loop], { cwd: p })
      await new Promise((resolve) => setTimeout(resolve, 200))
      mkdirSync(`${p}/storm2/deep`, { recursive: true })
      const paths = [put(`${p}/storm.env`), put(`${p}/storm2/deep/.env`), put(`${p}/storm/.env`)]
      await storm
      return paths
    },
  },
  {
    name: 'a directory that cannot be read, and that its owner could open',
    async act(at, p) {
      await at.must(['sh', '-ec', 'mkdir closed; echo A=1 > closed/.env; chmod 0 closed'], { cwd: p })
      return [at.who === 'root' ? `${p}/closed/.env` : `${p}/closed`]
    },
  },
  plain('appended to afterwards', (p) => {
    appendFileSync(`${p}/.env`, 'MORE=1\n')
    return [`${p}/.env`]
  }),
  shell('a linked worktree in the project', 'git worktree add -q tree other', ['tree/.env']),
  plain('removed with everything', (p) => {
    rmSync(`${p}/x`, { recursive: true })
    mkdirSync(`${p}/x/y/z`, { recursive: true })
    return [put(`${p}/x/y/z/.env`)]
  }),
]
