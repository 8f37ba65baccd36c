import { test } from 'vitest'
import { writeFileSync } from 'node:fs'
import { boxed, makeWorld } from './world.ts'
import { removePrograms } from './host.ts'
test.each([['user','plain'],['root','worktree'],['user','submodule']] as const)('dump %s %s', async (who, layout) => {
  const world = await makeWorld(who, layout)
  const a = await world.ask(boxed(world, '--network', 'host'), 'places routes processes kernel calls ipc plant'.split(' '))
  writeFileSync(`/tmp/h6-dump-${who}-${layout}`, a.ended.stdout + a.ended.stderr)
  await world.remove()
  removePrograms()
})
