import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/commands/index.ts'
import { spoken, type Spoken } from '../../../src/shells/words.ts'

const known = new Map(spoken(commands).map((command) => [command.name, command]))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs').flatMap((file) => (file.endsWith('.md') ? [`docs/${file}`] : [])),
]

/** What a page tells people to type: `agentbox …` alone in code, and lines of blocks that begin with it. */
function callsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```[^\n]*\n([^]*?)^```/gm)].map(([, block]) => block!)
  const lines = blocks.flatMap((block) => block.split('\n'))
  const typed = lines.flatMap((line) => /^(?:\$ | *- run: )?(agentbox [^ ].*)/.exec(line)?.[1] ?? [])
  const spans = [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`(agentbox [^`]+)`/g)]
  return [...typed, ...spans.map(([, span]) => span!)].flatMap((call) =>
    call.split(/ (?:&&|\|) |; /).filter((one) => one.startsWith('agentbox ')),
  )
}

/** What is wrong with a call, if anything is. */
function wrong(call: string): string[] {
  const [, name = '', ...rest] = call.split(/ {2,}| #/)[0]!.split(' ')
  if (['-h', '--help', '--version', 'help'].includes(name) || /[^a-z-]/.test(name)) return []
  const command = known.get(name)
  if (command === undefined) return [`${call}: no such command`]
  return argumentsOf(command, rest).flatMap((word) => {
    if (word === '--help' || !/^-?-?[a-z][a-z-]*(?:=|$)/.test(word)) return []
    if (word.startsWith('-')) return hasOption(command, word) ? [] : [`${call}: no option ${word}`]
    return command.words.length === 0 || command.words.includes(word) ? [] : [`${call}: no ${word}`]
  })
}

const hasOption = ({ options }: Spoken, word: string): boolean =>
  options.some(({ name, short }) => word.split('=')[0] === `--${name}` || word === `-${short}`)

/** Its options and the first word behind it, without values of options and without a command of the user's. */
function argumentsOf({ options, takesCommand }: Spoken, words: readonly string[]): string[] {
  const found: string[] = []
  let first = true
  for (let at = 0; at < words.length && words[at] !== '--'; at++) {
    const word = words[at]!
    if (!word.startsWith('-')) {
      if (takesCommand) break
      if (first) found.push(word)
      first = false
      continue
    }
    found.push(word)
    if (options.some(({ name, value }) => word === `--${name}` && value !== undefined)) at++
  }
  return found
}

describe('the commands that the documentation tells people to type', () => {
  it.each([
    ['agentbox stauts', 1],
    ['agentbox log --lats', 1],
    ['agentbox hooks instal', 1],
    ['agentbox run --network none -- ls --lats', 0],
    ['agentbox explain --for claude X   # --lats', 0],
  ])('%s: %i wrong', (call, count) => expect(wrong(call)).toHaveLength(count))

  it.each(pages)('%s', (page) => {
    expect(callsIn(readFileSync(page, 'utf8')).flatMap(wrong)).toEqual([])
  })

  it('are found', () => {
    expect(callsIn(readFileSync('README.md', 'utf8')).length).toBeGreaterThan(15)
  })

  it.each(commands.filter(({ hidden }) => hidden !== true))('examples of $name', ({ examples }) => {
    expect(examples.filter((one) => one.startsWith('agentbox ')).flatMap(wrong)).toEqual([])
  })
})
