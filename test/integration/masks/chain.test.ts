import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pathsBehind } from '../../../src/masks/chain.ts'
import { link, temporary, write } from './tree.ts'

const behind = (root: string, name: string): string[] =>
  pathsBehind(`${root}/${name}`).flatMap((path) =>
    path.startsWith(`${root}/`) ? [path.slice(root.length + 1)] : [],
  )

it.each<[string, string, string[]]>([
  ['a file beside it', 'plain', ['plain']],
  ['nothing', 'none', ['none']],
  ['another directory', 'dir/../sub/./file', ['dir', 'sub', 'sub/file']],
  ['the directory that holds it', '../in/sub/file', ['sub', 'sub/file']],
  ['a link', 'second', ['second', 'plain']],
  ['a file by a linked directory', 'way/file', ['way', 'sub', 'sub/file']],
  ['what is above a linked directory', 'far/../file', ['far', 'sub', 'sub/deep', 'sub/file']],
])('all that decides where a link to %s leads', (_what, target, wanted) => {
  const root = `${temporary()}/in`
  write(root, { plain: '', 'dir/x': '', 'sub/file': '' })
  mkdirSync(`${root}/sub/deep`)
  for (const [name, to] of [
    ['second', 'plain'],
    ['way', 'sub'],
    ['far', 'sub/deep'],
    ['link', target],
    ['absolute', `${root}/${target}`],
  ] as const)
    link(root, name, to)
  expect(behind(root, 'link')).toEqual(['link', ...wanted])
  expect(behind(root, 'absolute')).toEqual(['absolute', ...wanted])
})

it('a circle of links has an end', () => {
  const root = temporary()
  link(root, 'one', 'two')
  link(root, 'two', 'one')
  expect(new Set(behind(root, 'one'))).toEqual(new Set(['one', 'two']))
})
