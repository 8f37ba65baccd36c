import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

/** With one mask and one pin each: more than bwrap takes arguments for. */
const MANY = 1600

describe.each(['user', 'root'] as const)('more secrets than bwrap could mount, as %s', (who) => {
  let at: TestHome
  let project: string
  const inside = async (script: string): Promise<string> => {
    const { stdout, stderr, status } = await at.launch(['run', '--', 'sh', '-c', `{ ${script}\n} 2>&1`], {
      cwd: `${project}/pkg/d5`,
    }).ended
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    return stdout
  }

  beforeAll(() => {
    at = makeHome(who)
    project = `${at.home}/work/project`
    at.write(
      `${project}/.agentboxrc`,
      `version: 1
filesystem: { hide: [pkg/d9], readonly: [docs] }
masks: { substitute: { pkg/d11/.env: pkg/d11/env.example } }
`,
    )
    for (let n = 0; n < MANY; n++) at.write(`${project}/pkg/d${n}/.env`, `KEY=S3CRET${n}\n`)
    at.write(`${project}/pkg/d7/.vscode/tasks.json`, '{}')
    at.write(`${project}/pkg/d11/env.example`, 'KEY=example\n')
    at.write(`${project}/docs/a.md`, 'a\n')
  })
  afterAll(() => at.remove())

  it('are masked, wherever the agent stands and goes', async () => {
    const found = await inside(`pwd; cat .env; cd ..; cat d5/.env; cat /proc/self/cwd/*/.env | sort -u
      ls -A d9; cat /proc/1/cwd/home/*/.env; grep -rl S3CRET ${project} . | wc -l`)
    expect(found.replace(/^(cat|ls): .*: (Permission denied|No such file or directory)\n/gm, '')).toBe(
      `${project}/pkg/d5\nKEY=example\n0\n`,
    )
  })

  it('stay with what is above them, and beside what is protected', async () => {
    const moves = [
      ['../../pkg', '../../x'],
      ['../d5', '../x'],
      ['.env', 'x'],
      ['../d7/.vscode', '../d7/x'],
      ['../../docs', '../../x'],
    ]
    const each = moves.map(([from, to]) => `rename("${from}", "${to}"); print "$!\\n";`).join(' ')
    expect(
      await inside(`perl -e '${each}'; rm -f .env; echo evil > ../d7/.vscode/tasks.json; touch ../../docs/b
      touch new; ls -A`),
    ).toMatch(/^(Device or resource busy\n){5}.*busy\n.*Read-only.*\n.*Read-only.*\n\.env\nnew\n$/)
    expect(readFileSync(`${project}/pkg/d5/.env`, 'utf8')).toBe('KEY=S3CRET5\n')
  })
})
