import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readExactly } from '../../../src/host/files.ts'
import { makeDirs } from '../../../src/host/make-dirs.ts'
import { temporary } from '../masks/tree.ts'

describe('a file that was looked at', () => {
  const prepare = () => {
    const dir = `${temporary()}/dir`
    mkdirSync(dir)
    const path = `${dir}/file`
    writeFileSync(path, 'content')
    const is = lstatSync(path, { bigint: true })
    return { dir, path, is, read: (limit = 100) => readExactly(path, is, limit)?.toString() }
  }

  it('is read while it is that, and not too long', () => {
    const { path, is, read } = prepare()
    expect([read(), read(7), read(6)]).toEqual(['content', 'content', undefined])
    expect(readExactly(path, { dev: `${is.dev}`, ino: `${is.ino}` }, 7)?.toString()).toBe('content')
  })

  it('is not another one, a link, or a pipe that would be waited for', () => {
    const { path, read } = prepare()
    renameSync(path, `${path}.old`)
    expect(read()).toBeUndefined()
    writeFileSync(path, 'another')
    expect(read()).toBeUndefined()
    renameSync(path, `${path}.other`)
    symlinkSync('file.old', path)
    expect(read()).toBeUndefined()
    renameSync(path, `${path}.link`)
    execFileSync('mkfifo', [path])
    expect(readExactly(path, lstatSync(path, { bigint: true }), 100)).toBeUndefined()
  })

  it('is not read through a directory that became a link', () => {
    const { dir, read } = prepare()
    renameSync(dir, `${dir}.old`)
    symlinkSync('dir.old', dir)
    expect(read()).toBeUndefined()
  })
})

describe('directories that are made', () => {
  it('are there with those above them, and may have been', () => {
    const dir = temporary()
    for (let time = 0; time < 2; time++) makeDirs(`${dir}/a/b/c/`, 0o700)
    expect(statSync(`${dir}/a/b/c`).mode & 0o777).toBe(0o700)
    expect(statSync(`${dir}/a`).mode & 0o777).toBe(0o700)
  })

  it('are refused where nothing can be made, and below what is no directory', () => {
    const dir = temporary()
    writeFileSync(`${dir}/file`, '')
    expect(() => makeDirs('/proc/nothing/below')).toThrow('ENOENT')
    expect(() => makeDirs(`${dir}/file`)).toThrow('EEXIST')
    expect(() => makeDirs(`${dir}/file/below`)).toThrow('ENOTDIR')
  })
})
