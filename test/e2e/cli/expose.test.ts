import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

let at: TestHome
beforeAll(() => {
  at = makeHome('user')
  at.dir(`${at.home}/work`)
})
afterAll(() => at.remove())

it('a port to expose that is taken is told before the agent starts, and at the end', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\nnetwork: {expose: [${port}]}\n`)
  const script = 'echo started >&2'
  const done = await at.launch(['run', '--', 'sh', '-c', script], { cwd: `${at.home}/work` }).ended
  taken.close()
  expect(done.status).toBe(0)
  const why = `port ${port} of this machine is taken`
  expect(done.stderr).toMatch(
    new RegExp(`^agentbox  expose: ${why}; .*\nstarted\n.*not exposed: ${why}`, 'm'),
  )
})
