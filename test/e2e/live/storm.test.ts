import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'
import { eventually } from '../../support/spawn.ts'
import { readable, startBoxes, type Box } from './boxes.ts'

/** Makes events for a minute, faster than they can be looked at: `perl storm.pl KIND NUMBER`. */
const STORM = `
my ($kind, $k) = @ARGV;
my $end = time + 60;
mkdir "moved$k";
mkdir "moved$k/$_" for 1..200;
my @files = $kind eq 'git' ? (".git/a$k", ".git/b$k") : ("a$k", "b$k");
for (@files) { open(F, '>', $_); close F }
open(F, '>', "storming$k"); close F;
while (time < $end) {
  for (1..200) {
    if ($kind eq 'renames') { rename "moved$k", "away$k"; rename "away$k", "moved$k" }
    else { utime undef, undef, $_ for @files }
  }
}
open(F, '>', 'over'); close F;
`
const STORMS = [1, 2, 3, 4, 5, 6, 7, 8]

let at: TestHome
let box: Box | undefined
beforeAll(() => {
  at = makeHome('user')
})
afterEach(async () => {
  await box?.end()
})
afterAll(() => at.remove())

// libuv reads the kernel's queue for as long as there is something in it, and nothing else has its turn meanwhile.
it.each([
  ['in the project', 'files'],
  ['in .git', 'git'],
  ['of directories that are renamed', 'renames'],
])('a storm of events %s does not keep secrets from being masked', async (_where, kind) => {
  const project = `${at.home}/work/${kind}`
  at.write(`${project}/storm.pl`, STORM)
  at.write(`${project}/.agentboxrc`, 'version: 1\n')
  await at.must(['git', 'init', '-q', project])
  // The policy's files are followed only after a moment.
  const storms = STORMS.map((k) => `perl storm.pl ${kind} ${k} &`).join(' ')
  box = (await startBoxes(at, project, 1, `echo up; sleep 1; ${storms} exec sleep 300`))[0]!
  const begun = (): boolean => STORMS.every((k) => existsSync(`${project}/storming${k}`))
  expect(await eventually(begun)).toBe(true)
  await delay(2000)
  const paths = Array.from({ length: 15 }, (_, count) => `${project}/.env.${count}`)
  for (const path of paths) {
    at.write(path, 'SECRET\n')
    await delay(100)
  }
  expect(await readable([box], paths)).toEqual([])
  expect(existsSync(`${project}/over`)).toBe(false)
})
