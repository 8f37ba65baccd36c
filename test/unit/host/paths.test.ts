import { describe, expect, it } from 'vitest'
import { ancestorsBetween, isWithin, nameOf, parentOf } from '../../../src/host/paths.ts'

describe('paths', () => {
  it.each([
    ['/a', '/a', true],
    ['/a/b', '/a', true],
    ['/ab', '/a', false],
    ['/a', '/', true],
    ['/', '/a', false],
    ['/a', '/a/b', false],
  ])('%s within %s: %s', (path, parent, answer) => expect(isWithin(path, parent)).toBe(answer))

  it.each([
    ['/a/b', '/a', 'b'],
    ['/a', '/', 'a'],
  ])('%s is in %s', (path, parent, name) => {
    expect(parentOf(path)).toBe(parent)
    expect(nameOf(path)).toBe(name)
  })

  it.each([
    ['/p', '/p/a/b/c', ['/p/a', '/p/a/b']],
    ['/p', '/p/a', []],
    ['/p', '/p', []],
    ['/p', '/other/a', []],
    ['/', '/a/b', ['/a']],
  ])('between %s and %s', (root, path, dirs) => expect(ancestorsBetween(root, path)).toEqual(dirs))
})
