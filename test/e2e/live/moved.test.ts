import { lstatSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeHome, type TestHome } from '../../support/home.ts'

/**
 * A launch decides by names and places. So an agent that could move what is above a secret to where no rule
 * fits, or replace a link that makes it one, would read it in its next session.
 */
describe.each(['user', 'root'] as const)(
  'what one session moves, the next one does not read, as %s',
  (who) => {
    let at: TestHome
    let project: string
    let granted: string
    const box = async (script: string): Promise<string> => {
      const { stdout } = await at.launch(['run', '--', 'sh', '-c', script], { cwd: project }).ended
      return stdout
    }
    const kindOf = (path: string): string => {
      const stat = lstatSync(`${project}/${path}`)
      return stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'directory' : 'file'
    }

    beforeAll(async () => {
      at = makeHome(who)
      project = `${at.home}/work/project`
      granted = `${at.home}/granted`
      at.write(
        `${project}/.agentboxrc`,
        'version: 1\nmasks:\n  patterns: [conf/prod/master.yml]\n  substitute: {sub/settings: a.txt}\n' +
          'filesystem:\n  hide: [hid/in, way]\n',
      )
      at.write(`${at.home}/.config/agentbox/config.yaml`, `version: 1\nfilesystem: {write: [${granted}]}\n`)
      const secrets = ['conf/prod/master.yml', 'app/.env', 'lk/real', 'hid/in/x', 'seen/x', 'sub/real']
      for (const path of secrets) at.write(`${project}/${path}`, 'SECRET\n')
      at.write(`${project}/a.txt`, 'a\n')
      at.write(`${project}/code/tasks.json`, '{}\n')
      at.write(`${granted}/g/.env`, 'SECRET\n')
      at.write(`${granted}/g/.envrc`, 'true\n')
      for (const [link, to] of [
        ['.env', 'lk/real'],
        ['way', 'seen'],
        ['sub/settings', 'real'],
        ['.vscode', 'code'],
      ] as const)
        symlinkSync(to, `${project}/${link}`)
      for (const place of [project, granted]) await at.must(['git', 'init', '-q', place])
    })
    afterAll(() => at.remove())

    it('keeps secrets where they are, and the links that lead to them', async () => {
      const said = await box(
        `mkdir node_modules; mv conf conf2; mv app node_modules/; mv lk lk2; mv hid hid2; mv seen seen2; mv sub sub2
       rm -f .env way sub/settings; ln -sfn code .env; mv ${granted}/g ${granted}/node_modules; cat .env sub/settings`,
      )
      expect(said).toBe('a\n')
      for (const link of ['.env', 'way', 'sub/settings']) expect([link, kindOf(link)]).toEqual([link, 'link'])
      expect(await box(`grep -rs SECRET . ${granted}; ls ${granted}`)).toBe('g\n')
    })

    it('keeps a link under a protected name, and what is read-only in what may be written besides', async () => {
      await box(
        `rm -f .vscode; mkdir evil; echo evil > evil/tasks.json; mv -T evil .vscode; echo evil > ${granted}/g/.envrc
       echo evil > ${granted}/.git/hooks/pre-commit; git -C ${granted} config core.fsmonitor evil`,
      )
      expect(kindOf('.vscode')).toBe('link')
      const planted = await at.bare(['grep', '-rl', 'evil', granted, '.vscode/'], { cwd: project })
      expect(planted.stdout).toBe('')
    })

    it('takes back what appeared meanwhile and was moved to where nothing would mask it', async () => {
      const waits =
        'until [ -e made ] && ! [ -s late/.env ] && ! [ -s far/prod.env ] && ! ls -A far/x/.aws | grep -q .; do sleep 0.05; done'
      const running = at.launch(
        [
          'run',
          '--',
          'sh',
          '-c',
          `echo up; ${waits}; mkdir -p node_modules; mv late node_modules/late; mv far node_modules/; mkdir late; echo mine > late/.env; mv stays went`,
        ],
        { cwd: project },
      )
      await running.says('up')
      for (const path of ['late/.env', 'far/prod.env', 'far/x/.aws/credentials', 'stays/.env'])
        at.write(`${project}/${path}`, 'SECRET\n')
      at.write(`${project}/made`, '')
      const { stderr } = await running.ended
      for (const path of ['node_modules/late/.env', 'node_modules/far/prod.env', 'node_modules/far/x/.aws'])
        expect(stderr).toContain(path)
      expect(await box('grep -rs SECRET .; ls -A went')).toBe('.env\n')
      const list = await at.must([at.node, at.agentbox, 'quarantine'], { cwd: project })
      expect(list).toContain('a secret, moved to where no mask would cover it')
    })
  },
)
