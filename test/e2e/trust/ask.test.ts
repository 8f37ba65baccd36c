import { existsSync, readdirSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { openTerminal, type Terminal } from '../terminal/terminal.ts'

describe('the question at a launch', () => {
  let at: TestHome
  let project: string
  let terminal: Terminal
  let count = 0

  /** The screen may still be the last one's: what counts stands below this line. */
  function begin(command: string): string {
    const end = `end-${++count}`
    terminal.type(`clear; echo begin-${count}; ${command}; echo ${end} $?`)
    return end
  }
  const question = (times: number): RegExp =>
    new RegExp(`^begin-${count}$([^]*Allow [^]*whole box){${times}}`, 'm')

  /** Runs a line in the terminal, answers when the question is there, and waits for its status. */
  async function asked(command: string, answers: readonly string[] = []): Promise<string> {
    const end = begin(command)
    for (const [index, answer] of answers.entries()) {
      await terminal.shows(question(index + 1))
      if (answer.startsWith('C-')) terminal.key(answer)
      else terminal.type(answer)
      if (answer !== 'C-c') continue
      // The shell forgets the rest of the line. It reads again, and nobody else.
      await terminal.shows(/\n>$/)
      terminal.type(`echo ${end} $?`)
    }
    await terminal.shows(new RegExp(`^${end} \\d+`, 'm'))
    return terminal.screen()
  }
  const rc = (names: string): void =>
    at.write(`${project}/.agentboxrc`, `version: 1\nenv: {pass: [${names}]}\nmasks: {patterns: ["*.x"]}\n`)
  const records = (): number => {
    const dir = `${at.home}/.local/state/agentbox/trust`
    return existsSync(dir) ? readdirSync(dir).length : 0
  }
  const RUN = `ab run -- sh -c 'echo "got=$CI$FOO"'`

  beforeAll(async () => {
    at = makeHome('user')
    project = `${at.home}/work/shop`
    at.write(`${project}/a.txt`, 'a\n')
    await at.must(['git', 'init', '-q', project])
    at.write(`${at.home}/ab`, `#!/bin/sh\nexec '${at.node}' '${at.agentbox}' "$@"\n`, 0o755)
    terminal = await openTerminal(at, 'bash', project)
    terminal.type(`unset HISTFILE; PATH=$HOME:$PATH; export CI=ci FOO=foo`)
  })
  beforeEach(() => {
    rmSync(`${at.home}/.local/state/agentbox/trust`, { recursive: true, force: true })
    rc('CI')
  })
  afterAll(() => {
    terminal.close()
    at.remove()
  })

  it('says what is asked for; yes starts the command with it, and is not asked again', async () => {
    const screen = await asked(RUN, ['y'])
    expect(screen).toContain('~/work/shop asks for more than you give every repository:')
    expect(screen).toMatch(/^ {2}env {2}CI {2}\.agentboxrc:2 {2}\(set in your shell now\)$/m)
    expect(screen).toContain('It also restricts: masks *.x.')
    expect(screen).toMatch(/^got=ci$/m)
    expect(await asked(RUN)).not.toContain('Allow')
    rc('CI, FOO')
    const more = await asked(RUN, ['y'])
    expect(more).toMatch(/^ {2}\+ env {2}FOO/m)
    expect(more).toMatch(/^got=cifoo$/m)
  })

  it.each([
    ['no', ['n'], 125, 'have not approved'],
    ['the end of input', ['C-d'], 125, 'have not approved'],
    ['without them', ['w'], 0, 'got='],
    ['show, then no', ['s', 'n'], 125, 'masked too'],
    ['anything else, then no', ['yess', 'n'], 125, 'have not approved'],
    ['Ctrl-C', ['C-c'], 130, '^C'],
  ])('%s', async (_name, answers, status, text) => {
    const screen = await asked(RUN, answers)
    expect(screen).toContain(`end-${count} ${status}`)
    expect(screen).toContain(text)
    expect(screen).not.toContain('got=ci')
    expect(records()).toBe(0)
  })

  it('what was typed before it answers nothing', async () => {
    const end = begin(`until [ -e go ]; do sleep 0.05; done; rm go; ${RUN}`)
    await terminal.shows(new RegExp(`^begin-${count}$`, 'm'))
    terminal.type('y')
    terminal.type('yes')
    // The terminal has it: it shows it.
    await terminal.shows(new RegExp(`^begin-${count}$[^]*^y$[^]*^yes$`, 'm'))
    at.write(`${project}/go`, '')
    await terminal.shows(question(1))
    terminal.type('n')
    await terminal.shows(new RegExp(`^${end} 125`, 'm'))
    expect(records()).toBe(0)
  })

  it.each([
    ['input is no terminal', `echo y | ${RUN}`],
    ['errors go elsewhere', `${RUN} 2>err.txt; cat err.txt; rm err.txt; false`],
    ['it runs in the background', `${RUN} & wait $!`],
  ])('is not asked where %s', async (_name, command) => {
    const screen = await asked(command)
    expect(screen).not.toContain('Allow')
    expect(screen).toContain('have not approved')
    expect(screen).toMatch(/^end-\d+ (125|1)$/m)
  })

  it('the yes is to the bytes that were shown, whatever the file is by then', async () => {
    const end = begin(RUN)
    await terminal.shows(question(1))
    rc('CI, FOO')
    terminal.type('y')
    await terminal.shows(new RegExp(`^${end} 0`, 'm'))
    expect(terminal.screen()).toMatch(/^got=ci$/m)
    expect(await asked(RUN, ['n'])).toMatch(/\+ env {2}FOO/)
  })

  it('agentbox allow asks the same', async () => {
    expect(await asked('ab allow', ['n'])).toMatch(/nothing was approved\n+end-\d+ 1/)
    expect(records()).toBe(0)
    expect(await asked('ab allow', ['y'])).toContain('approved: 1 grant')
    expect(await asked('ab allow')).toContain('nothing to approve: 1 grant approved before')
  })
})
