import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/spawn.ts'
import { cases } from './cases.ts'
import { removePrograms } from './host.ts'
import { AGENT_FILES, boxed, makeWorld, snapshot, type World } from './world.ts'

afterAll(removePrograms)

/** What a coding agent does all day; any failure ends it. */
const WORK = `
set -e
clean() { test -z "$(git status --porcelain)"; }
clean
echo 'console.log("edited")' > src/main.js
test "$(node src/main.js)" = edited
test "$(sh -c "$(node -p 'require("./package.json").scripts.start')")" = edited
git add -A
git commit -qm edited
clean
echo '// more' >> src/main.js
git stash -q
clean
git stash pop -q
git checkout -q -- src/main.js
git branch side
git checkout -q side
mkdir src/new && echo 1 > src/new/file.js
git add -A
git commit -qm side
git checkout -q -
test ! -e src/new
git merge -q --no-edit side
git tag -m done done
git gc --quiet
clean
test "$(git log --format=%s -2 | tr '\\n' ' ')" = "side edited "
rm -r src/new && git checkout -q -- src/new
printf x > /tmp/x && printf x > "$HOME/x" && test -w "$PWD"
touch signals/worked
while test ! -e signals/go; do sleep 0.05; done
`

describe.each(cases)('ordinary work, as $who, in a $layout repository', ({ who, layout }) => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld(who, layout)
    world.home.dir(`${world.project.place}/signals`)
  })
  afterAll(async () => world.remove())

  const git = (...args: string[]): Promise<string> =>
    world.home.must(['git', ...args], { cwd: world.project.place })

  test('goes through, and leaves nothing but itself', async () => {
    const { project, home, env } = world
    const before = tree(project.root)
    const running = home.launch(['run', '--', 'sh', '-c', WORK], { cwd: project.place, env })
    const worked = await Promise.race([
      eventually(() => existsSync(`${project.place}/signals/worked`), 50_000),
      running.ended.then(({ stdout, stderr }) => stdout + stderr),
    ])
    expect(worked).toBe(true)

    // During the session, from outside.
    expect(await git('status', '--porcelain')).toBe('')
    writeFileSync(`${project.place}/signals/go`, '')
    const ended = await running.ended
    expect(ended).toMatchObject({ status: 0, signal: null, stderr: '', stdout: '' })

    expect(await git('status', '--porcelain')).toBe('')
    expect(await git('log', '-2', '--format=%an %ae %s')).toBe(
      'Ada ada@example.com side\nAda ada@example.com edited\n',
    )
    await git('fsck', '--strict')
    const after = tree(project.root).filter((path) => !/\/signals\/|\/src\/new/.test(path))
    expect(after).toEqual(before)
  })

  test("leaves the agents' own files alone, whatever is written in the box", async () => {
    const { home } = world
    const files = AGENT_FILES.map((path) => `${home.home}/${path}`)
    const before = snapshot(files)
    const answer = await world.ask([...boxed(world), 'claude'], ['agents'])
    expect(answer.failures).toEqual([])
    // It was possible to write, so what follows is not about a probe that did nothing.
    expect(answer.ended.stdout).toContain(`agent:.bashrc "private"`)
    expect(snapshot(files)).toEqual(before)
    expect(await git('status', '--porcelain')).toBe('')
    expect(answer.leaked).toEqual([])
  })
})

/** Names below, without git's own. */
function tree(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'latin1' })
    .map((path) => `/${path}`)
    .filter((path) => !/\/\.git\//.test(path))
    .toSorted()
}
