import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { openTerminal, type Terminal } from './terminal.ts'

describe('run --learn=permit, in a terminal', () => {
  let home: TestHome
  let world: Server
  const asked: (string | undefined)[] = []
  const project = (): string => `${home.home}/project`

  beforeAll(async () => {
    home = makeHome('user')
    // The whole internet, by way of the user's own proxy.
    world = createServer(({ url }, response) => {
      asked.push(url)
      response.end(`reached ${url}\n`)
    })
    await new Promise<void>((resolve) => world.listen(0, '127.0.0.1', resolve))
    const { port } = world.address() as AddressInfo
    home.write(`${project()}/.agentboxrc`, 'version: 1\nnetwork: {deny: [no.example]}\n')
    const start = `HTTP_PROXY=http://127.0.0.1:${port} exec '${home.node}' '${home.agentbox}'`
    home.write(`${project()}/learn`, `#!/bin/sh\n${start} run --quiet --learn=permit -- "$@"\n`, 0o755)
  })
  afterAll(() => {
    world.close()
    home.remove()
  })

  async function answered(answer: string, ends: RegExp): Promise<string> {
    const terminal: Terminal = await openTerminal(home, 'bash', project())
    try {
      terminal.type('./learn curl -s http://far.example/ http://no.example/; echo "status $?"')
      await terminal.shows(/ANY public host(.|\n)*\[y\/N\]/)
      terminal.type(answer)
      await terminal.shows(ends)
      return terminal.screen()
    } finally {
      terminal.close()
    }
  }

  test('yes: lets through what nothing lists, not what is denied, and proposes it', async () => {
    const screen = await answered('y', /^status \d+$/m)
    expect(screen).toContain('reached http://far.example')
    expect(screen).toContain('no.example is refused: network.deny')
    expect(screen).toMatch(/agentbox allow-host far\.example$/m)
    expect(screen).toContain('far.example]')
    expect(asked.join()).not.toContain('no.example')
  })

  test('no: starts nothing', async () => {
    asked.length = 0
    expect(await answered('n', /^status 125$/m)).toContain('nothing was started')
    expect(asked).toEqual([])
  })
})
