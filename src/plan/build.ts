import type { HostFacts } from '../host/facts.ts'
import type { Project } from '../host/project.ts'
import type { Mask } from '../masks/types.ts'
import type { AgentProfile } from '../policy/agents/types.ts'
import { boxEnv, type BoxEnv } from '../policy/env.ts'
import type { Policy } from '../policy/types.ts'
import type { Protection } from '../protect/paths.ts'
import { describeBox } from './describe.ts'
import { gitAttributes } from './git-settings.ts'
import type { LaunchPlan, SandboxOp } from './ops.ts'
import { programFiles, programLinks, type Executable } from './program.ts'
import { networkFiles } from './network-files.ts'
import * as stage from './stages.ts'

export interface PlanInput {
  policy: Policy
  facts: HostFacts
  project: Project
  cwd: string
  profile: AgentProfile
  program: Executable
  /** Arguments after argv[0]. */
  args: readonly string[]
  hostEnv: Readonly<Record<string, string | undefined>>
  masks: readonly Mask[]
  protection: Protection
  /** Existing `filesystem.hide` paths. */
  hidden: readonly stage.HiddenPath[]
  /** Existing granted paths, resolved. */
  grants: readonly stage.GrantedPath[]
  /** Existing read-only parts of the agent's state. */
  agentFiles: readonly stage.AgentFile[]
  /** Log-ins of other agents that the private home holds, absolute in the box. */
  otherLogins: readonly string[]
  /** The host directory behind a private home; undefined if the home is ephemeral. */
  homeSource: string | undefined
  /** Existing files that variables name as certificates, and that nothing else shows. */
  certificates: readonly string[]
  /** The ssh agent's socket on the host, if it is granted. */
  sshSocket: string | undefined
  /** The native helper on the host. */
  helper: string
  warnings: readonly string[]
}

export const RUN_DIR = '/run/agentbox'
export const INIT_PATH = `${RUN_DIR}/init`

/**
 * Builds the box. THE ORDER OF MOUNTS, in this one place; a later step covers an earlier one:
 *
 *  1. system      /usr and its siblings, the short list of /etc, made-up passwd and group
 *  2. kernel      /proc with its dangerous parts closed, /dev, private /tmp, /var/tmp, /dev/shm
 *  3. home        the private or ephemeral home, empty of the user's own files
 *  4. tools       toolchains and the agent's program, read-only, into that home
 *  5. agent       the user's own configuration of the agent, read-only, into its private state;
 *                 certificates of a company's own
 *  6. grants      granted paths, outer ones first: after the home, or it would cover them
 *  7. git         the git directory of a linked worktree, which lies outside the project
 *  8. project     writable: after 3–7, so that nothing mounted before can be redirected into it
 *  9. pins        ancestors of protected paths onto themselves: before 10, or they would reopen those
 * 10. protected   read-only
 * 11. hidden      after 10: what is hidden is not even readable
 * 12. masks       last of all project paths, so that no other mount uncovers a secret
 * 13. agentbox    its own directory in /run: init, the description of the box, git's settings
 * 14. ssh         the agent's socket, if granted
 * 15. network     how ssh finds the proxy
 * 16. seal        the root read-only: after everything that needs a mount point made
 */
export function buildPlan(input: PlanInput): LaunchPlan {
  const { policy, facts, project, profile, program } = input
  const shown = shownDirs(input)
  const network = policy.network.mode.value
  const ops: SandboxOp[] = [
    ...stage.system(facts),
    ...stage.kernel(facts, policy),
    ...stage.home(facts, input.homeSource),
    ...stage.tools(facts, programFiles(program, shown, facts.home)),
    ...stage.agent(profile, input.agentFiles, input.otherLogins),
    ...stage.certificates(input.certificates),
    ...stage.grants(input.grants),
    ...stage.git(project),
    ...stage.project(project),
    ...stage.pins(input.protection),
    ...stage.readonly(input.protection),
    ...stage.hidden(input.hidden),
    ...stage.masks(input.masks),
    ...stage.own(input.helper, programLinks(program, shown, input.hostEnv['PATH'] ?? ''), ownFacts(input), {
      description: describeBox(input, network),
      attributes: gitAttributes(input.masks, project.root),
    }),
    ...stage.ssh(input.sshSocket),
    ...networkFiles(policy, profile),
    ...stage.seal(),
  ]
  return {
    project: project.root,
    cwd: input.cwd,
    argv: [program.name.includes('/') ? program.found : program.name, ...input.args],
    ...environment(input, shown),
    ops,
    network,
    limits: { processes: policy.limits.processes?.value, memory: policy.limits.memory?.value },
    warnings: [...input.warnings],
  }
}

/** Without the agent's socket a signature would only fail. */
function ownFacts({ facts, sshSocket }: PlanInput): HostFacts {
  return sshSocket === undefined ? { ...facts, gitUser: { ...facts.gitUser, signing: undefined } } : facts
}

function environment({ policy, facts, profile, hostEnv, sshSocket }: PlanInput, shown: string[]): BoxEnv {
  const { home, user, shell } = facts
  const { env, passed } = boxEnv({ host: hostEnv, policy, profile, home, user, shell, shown })
  return { env: sshSocket === undefined ? env : { ...env, SSH_AUTH_SOCK: stage.SSH_SOCKET }, passed }
}

/** Directories with programs that the box shows. */
function shownDirs({ facts, project, grants }: PlanInput): string[] {
  return [
    ...facts.system.map(({ path }) => path),
    ...facts.toolchains.map(({ path }) => path),
    ...grants.map(({ path }) => path),
    project.root,
  ]
}
