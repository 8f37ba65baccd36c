import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSession } from '../../support/pty.ts'
import { activated, interactive, makeWorld, RC, SHELLS, type ShellName, type World } from './world.ts'

let world: World
beforeEach(() => {
  world = makeWorld()
})
afterEach(() => world.remove())

/** What differs between the shells' languages. */
const words = (shell: ShellName) => ({
  put: (dir: string) => (shell === 'fish' ? `set -gx PATH ${dir} $PATH` : `export PATH=${dir}:$PATH`),
  status: shell === 'fish' ? '$status' : '$?',
  fail: shell === 'fish' ? 'fish -c "exit 7"' : '(exit 7)',
  path: shell === 'fish' ? 'echo "["$PATH"]"' : 'echo "[$PATH]"',
})

describe.each(SHELLS)('an activated %s', (shell) => {
  const say = words(shell)

  it('has the shims first, whoever puts something before them, and says where it is boxed', async () => {
    activated(world)
    const session = interactive(world, shell)
    await session.line('claude start')
    await session.line(say.put(world.bin))
    expect(await session.line('echo "[$AGENTBOX_ACTIVE]"')).toContain('[]')
    await session.line(`cd '${world.repo}/sub dir'`)
    expect(await session.line('echo "[$AGENTBOX_ACTIVE]"')).toContain(`[${world.repo}]`)
    await session.line('claude inside')
    fs.renameSync(`${world.repo}/.agentboxrc`, `${world.repo}/sub dir/.agentboxrc.yml`)
    await session.line('')
    expect(await session.line('echo "[$AGENTBOX_ACTIVE]"')).toContain(`[${world.repo}/sub dir]`)
    await session.line('cd')
    expect(await session.line('echo "[$AGENTBOX_ACTIVE]"')).toContain('[]')
    await session.end()
    expect(world.notes()).toEqual({ start: 'bare', inside: 'boxed' })
  })

  it('knows of a policy above the real directory or on the way, and of the directories always boxed', async () => {
    activated(world)
    fs.symlinkSync(`${world.repo}/sub dir`, `${world.base}/link`)
    world.write('way/.agentboxrc', 'version: 1\n')
    fs.symlinkSync(world.outside, `${world.base}/way/link`)
    fs.mkdirSync(`${world.base}/lost`)
    fs.symlinkSync('nowhere', `${world.base}/lost/.agentboxrc`)
    fs.mkdirSync(`${world.base}/all/one/.git`, { recursive: true })
    world.write('home/.config/agentbox/config.yaml', `version: 1\nalways: [${world.base}/all]\n`)
    world.write('home/.local/state/agentbox/always', `${world.base}/all\n`)
    const session = interactive(world, shell)
    for (const [dir, active] of [
      ['link', 'repo'],
      ['way/link', 'way'],
      ['lost', 'lost'],
      ['all/one', 'all/one'],
    ]) {
      await session.line(`cd ${world.base}/${dir}`)
      expect(await session.line('echo "[$AGENTBOX_ACTIVE]"')).toContain(`[${world.base}/${active}]`)
    }
    await session.line('cd ..')
    expect(await session.line('echo "[$AGENTBOX_ACTIVE]"')).toContain('[]')
    await session.end()
  })

  it('tells once of a new policy and once of a changed one', async () => {
    activated(world)
    const rc = `${world.repo}/.agentboxrc`
    const session = interactive(world, shell)
    for (const line of ['true', `cd '${world.repo}'`, 'true', 'cd ..', `cd '${world.repo}'`, 'true'])
      await session.line(line)
    fs.utimesSync(rc, new Date(), new Date(Date.now() + 2))
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const line of ['true', 'true', 'cd ..', `cd '${world.repo}/sub dir'`, 'true'])
      await session.line(line)
    const all = await session.end()
    const notices = [...all.matchAll(/agentbox {2}(boxed by .*?, (?:new to you|.*? told))/g)].map(
      ([, text]) => text,
    )
    expect(notices).toEqual([
      `boxed by ${rc}, new to you`,
      `boxed by ${rc}, changed since you were last told`,
    ])
    expect(await (await other(shell)).end()).not.toContain('boxed by')
  })

  it.each([
    ['AGENTBOX_QUIET', {}],
    ['quiet: true', { 'home/.config/agentbox/config.yaml': 'version: 1\nquiet: true\n' }],
  ])('tells nothing with %s', async (_, files) => {
    for (const [place, text] of Object.entries(files)) world.write(place, text)
    activated(world)
    const env = _ === 'AGENTBOX_QUIET' ? { AGENTBOX_QUIET: '1' } : {}
    expect(await (await other(shell, env)).end()).not.toContain('boxed by')
  })

  it('says what is wrong with a policy, and is silent where it cannot keep what it said', async () => {
    activated(world)
    world.write('repo/.agentboxrc', 'version: 1\nfilesytem: {}\n')
    world.write('home/.local/state/agentbox/told', 'in the way')
    const all = await (await other(shell)).end()
    expect(all.match(/unknown key "filesytem"/g)).toHaveLength(1)
  })

  it('starts no process at a prompt where nothing has changed', async () => {
    activated(world)
    // In a pid namespace of its own every process counts the pids on by one.
    const session = openSession({
      argv: ['unshare', '--pid', '--fork', '--mount-proc', '--', shell, '-i'],
      cwd: world.repo,
      env: world.env,
    })
    const hook = shell === 'zsh' ? '_agentbox_precmd' : '_agentbox_prompt'
    const read = (name: string) =>
      `read ${shell === 'fish' ? '-l' : '-r'} ${name} </proc/sys/kernel/ns_last_pid`
    await session.line('true')
    // Called as at five prompts: what shells and their own prompts start in between is theirs.
    const line = await session.line(
      `${read('a')}; ${Array(5).fill(hook).join('; ')}; ${read('b')}; echo "[$a=$b]"`,
    )
    const [, before, after] = /\[(\d+)=(\d+)\]/.exec(line)!
    expect(after).toBe(before)
    await session.end()
  })

  it('keeps the status, and the options that people set', async () => {
    const options = {
      bash: 'set -uC; set -o vi',
      zsh: 'set -uC; bindkey -v; setopt ksh_arrays',
      fish: 'fish_vi_key_bindings',
    }
    world.write(RC[shell], `${options[shell]}\n`)
    activated(world)
    const session = interactive(world, shell)
    await session.line(`cd '${world.repo}'`)
    const status = (await session.line(`${say.fail}\necho "=${say.status}="`)).match(/=\d=/g)
    await session.line('claude inside')
    const all = await session.end()
    expect(status).toEqual(['=7='])
    expect(all).not.toMatch(/unbound|parameter not set|cannot overwrite|file exists/)
    expect(world.notes()).toEqual({ inside: 'boxed' })
  })

  it('is itself again after deactivate, and can be activated again', async () => {
    world.write(RC[shell], 'alias claude="/nowhere/claude --flag"\n')
    activated(world)
    const names =
      shell === 'fish'
        ? 'functions -a; set -n'
        : shell === 'zsh'
          ? 'typeset + ; print -l ${(k)functions}'
          : 'declare -F; compgen -v'
    const session = interactive(world, shell)
    await session.line('true')
    const during = await session.line(say.path)
    if (shell !== 'fish') await session.line('set -u')
    await session.line('agentbox deactivate')
    const after = await session.line(say.path)
    const left = (await session.line(names)).match(/_?agentbox_\w+|AGENTBOX_\w+/g)
    const alias = await session.line(shell === 'fish' ? 'functions claude' : 'alias claude')
    await session.line(`source ${world.base}/${RC[shell]}`)
    await session.line(`cd '${world.repo}'; claude again`)
    await session.end()
    expect(during).toContain(`[${world.shims}${shell === 'fish' ? ']' : ':'}`)
    expect(after).not.toContain(world.shims)
    expect(left).toBeNull()
    expect(alias).toContain('/nowhere/claude --flag')
  })

  it('has the line in its start files, and without it they are as before', () => {
    world.write(RC[shell], '# mine\r\nalias ll="ls -l"')
    activated(world)
    activated(world)
    expect(world.read(RC[shell]).match(/# agentbox activate$/gm)).toHaveLength(1)
    expect(world.agentbox('activate', '--remove').status).toBe(0)
    expect(world.read(RC[shell])).toBe('# mine\r\nalias ll="ls -l"')
    const left = fs.readdirSync(world.home).filter((name) => /profile|zshenv|bashrc|zshrc/.test(name))
    expect(left).toEqual(shell === 'fish' ? [] : [RC[shell].slice(5)])
  })

  it('says that agents start unboxed when agentbox is gone', async () => {
    activated(world)
    fs.rmSync(`${world.home}/.local/share/agentbox`, { recursive: true })
    expect(await interactive(world, shell).end()).toContain('agents start unboxed')
  })
})

it('an activated bash finds the shim whatever place it was told to remember', async () => {
  activated(world)
  const session = interactive(world, 'bash')
  await session.line(`cd '${world.repo}'; hash -p ${world.bin}/claude claude`)
  await session.line('claude told')
  await session.end()
  expect(world.notes()).toEqual({ told: 'boxed' })
})

/** Another shell that enters the repository and goes on. */
async function other(shell: ShellName, env: Record<string, string> = {}) {
  const session = interactive(world, shell, env)
  for (const line of [`cd '${world.repo}'`, 'true', 'cd ..', `cd '${world.repo}'`, 'true'])
    await session.line(line)
  return session
}
