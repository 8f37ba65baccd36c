import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const docs = readdirSync('docs')
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`)
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...docs]

const code = /^```[^]*?^```/gm
const textOf = (page: string): string => readFileSync(page, 'utf8').replaceAll(code, '')

/** A heading's anchor, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading!))

/** Links that do not lead out. */
const linksOf = (page: string): string[] =>
  [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))

/** What is wrong with a link, if anything is. */
function wrong(page: string, target: string): string[] {
  const [path = '', name] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(file)) return [`${target}: there is no ${file}`]
  return name === undefined || anchorsOf(file).includes(name)
    ? []
    : [`${target}: ${file} has no such heading`]
}

describe('the documentation', () => {
  it('a link to nothing is noticed, and so is one to a heading that is not there', () => {
    expect(wrong('README.md', 'docs/none.md')).toHaveLength(1)
    expect(wrong('README.md', 'docs/policy.md#none')).toHaveLength(1)
    expect(wrong('README.md', '#quick-start')).toEqual([])
  })

  it.each(pages)('%s: every link leads somewhere', (page) => {
    expect(linksOf(page).flatMap((target) => wrong(page, target))).toEqual([])
  })

  it.each(pages)('%s: every file of the repository that it names is there', (page) => {
    const named = [
      ...textOf(page).matchAll(/`((?:docs|src|test|scripts|native|shell|hooks|bench|schema)\/[\w./-]+)`/g),
    ]
    expect(named.map(([, file]) => file!).filter((file) => !existsSync(file))).toEqual([])
  })

  it('every page is reached from README.md, and leads on to another', () => {
    const linked = linksOf('README.md').map((target) => target.split('#')[0])
    expect(docs.filter((page) => !linked.includes(page))).toEqual([])
    expect(docs.filter((page) => linksOf(page).length === 0)).toEqual([])
  })

  it('every page that a message names is there', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const named = sources.flatMap(
      (file) => readFileSync(`src/${file}`, 'utf8').match(/docs\/[\w-]+\.md/g) ?? [],
    )
    expect(named.length).toBeGreaterThan(10)
    expect([...new Set(named)].filter((file) => !existsSync(file))).toEqual([])
  })
})
