import type { Problem } from '../../../src/errors.ts'

/** What docs/errors.md says of a problem, besides the message that it is shown with. */
export interface Entry<P> {
  means: string
  todo: string
  example: P
}

/** An entry for each code: the type makes sure that none is forgotten. */
export const problems: { [C in Problem['code']]: Entry<Extract<Problem, { code: C }>> } = {
  usage: {
    means: 'The call itself is wrong: an option, an argument, or two that exclude each other.',
    todo: 'Read the `--help` of the command; each has examples.',
    example: { code: 'usage', text: 'unknown option --netwrok', command: 'run' },
  },
  'policy-invalid': {
    means:
      'A policy file says something that agentbox does not know or cannot allow. Every mistake has its line.',
    todo: 'Mend the line. The keys are in [policy](policy.md); `agentbox schema` gives them to editors.',
    example: {
      code: 'policy-invalid',
      issues: [
        {
          file: '.agentboxrc',
          line: 3,
          column: 3,
          key: 'filesystem.raed',
          problem: 'unknown key "filesystem.raed"',
          hint: 'did you mean "filesystem.read"?',
        },
      ],
    },
  },
  'option-invalid': {
    means: 'An option of the call has a value that a policy could not have either.',
    todo: 'Call it with another one; what the option stands for is in [policy](policy.md).',
    example: {
      code: 'option-invalid',
      issues: [
        {
          file: '--allow',
          key: 'network.allow[0]',
          problem: '"https://x" has a scheme: write the host alone, without https://',
        },
      ],
    },
  },
  'policy-ambiguous': {
    means: 'One directory has two policy files, and nobody could say which of them holds.',
    todo: 'Keep one of them.',
    example: { code: 'policy-ambiguous', files: ['.agentboxrc', '.agentboxrc.json'] },
  },
  'grants-unapproved': {
    means:
      'The policy of the repository asks for more than you give every repository, you have not approved it, and there is no terminal to ask on.',
    todo: 'Look at it and approve it once, or run without ([policy](policy.md)).',
    example: {
      code: 'grants-unapproved',
      grants: [{ kind: 'network', value: '*.acme.example', file: '.agentboxrc', line: 12, column: 5 }],
      without: ['run', '--without-grants', '--', 'claude'],
    },
  },
  'approval-needs-terminal': {
    means: '`agentbox allow` was called by a script: nobody could have read the question.',
    todo: 'Call it in a terminal, or, where you know what you approve, with `--yes`.',
    example: { code: 'approval-needs-terminal' },
  },
  'no-policy': {
    means: 'A command that is about the policy of the repository found none.',
    todo: 'Write one: `agentbox init`.',
    example: { code: 'no-policy', path: '/home/me/work/shop' },
  },
  'policy-exists': {
    means: '`agentbox init` found a policy that is there already.',
    todo: 'Edit it, or remove it first.',
    example: { code: 'policy-exists', path: '/home/me/work/shop/.agentboxrc' },
  },
  'trust-unusable': {
    means: 'The record of what you approved is damaged, or somebody else could have written it.',
    todo: 'Find out who did. Then remove the file and approve again; no approval is believed until then.',
    example: {
      code: 'trust-unusable',
      path: '/home/me/.local/state/agentbox/trust/3f2a.json',
      reason: 'others may write it',
    },
  },
  'project-refused': {
    means: 'There is no box for this directory: it is the home, `/`, or something in it cannot be protected.',
    todo: 'Go to a project of its own, or mend what the message names.',
    example: {
      code: 'project-refused',
      path: '/home/me',
      reason: 'it is your home directory',
      hint: 'go to the directory of a project',
    },
  },
  'cwd-gone': {
    means: 'The directory that the shell is in was removed or replaced.',
    todo: '`cd` to it again.',
    example: { code: 'cwd-gone' },
  },
  'bypass-refused': {
    means: '`AGENTBOX_BYPASS` asked for an agent without its box, and a policy says `bypass: never`.',
    todo: 'Unset the variable. Who wrote the rule stands in the message.',
    example: {
      code: 'bypass-refused',
      command: ['claude'],
      place: { file: '/etc/agentbox/config.yaml', line: 4, column: 1 },
    },
  },
  'not-activated': {
    means:
      '`agentbox deactivate` was called where no activated shell heard it: in a script, or before activation.',
    todo: 'Nothing; `agentbox activate --remove` takes the line out of the start files.',
    example: { code: 'not-activated' },
  },
  'learning-declined': {
    means: '`run --learn-permit` would let everything through, and the question was not answered with yes.',
    todo: 'Answer yes, or use `--learn`, which refuses and notes.',
    example: { code: 'learning-declined' },
  },
  'bwrap-missing': {
    means: 'There is no bubblewrap where the system has its programs.',
    todo: 'Install it. A bwrap elsewhere in PATH is not used: a repository could have put it there.',
    example: { code: 'bwrap-missing' },
  },
  'bwrap-too-old': {
    means: 'The bubblewrap of this system lacks options that the box is made with.',
    todo: 'Update the system, or bubblewrap alone.',
    example: { code: 'bwrap-too-old', path: '/usr/bin/bwrap', version: '0.3.0', needed: '0.8.0' },
  },
  'bwrap-untrusted': {
    means: 'Somebody other than root could have replaced the bwrap of this system.',
    todo: 'Install it anew from the distribution.',
    example: { code: 'bwrap-untrusted', path: '/usr/bin/bwrap', reason: 'it is not owned by root' },
  },
  'bwrap-failed': {
    means: 'What the message quotes is what bwrap itself said.',
    todo: 'Read them; `agentbox doctor` looks for the usual reasons.',
    example: { code: 'bwrap-failed', stderr: "bwrap: Can't mkdir /run/x: Read-only file system\n" },
  },
  'box-too-large': {
    means: 'Thousands of paths are granted, more than one bwrap command can hold.',
    todo: 'Grant the directories that they are in.',
    example: { code: 'box-too-large', mounts: 3200 },
  },
  'command-too-long': {
    means: 'The command does not fit: 9,000 arguments are the most for bwrap, its own options among them.',
    todo: 'Let the command find its files itself, or start it from a shell or `xargs` in the box.',
    example: { code: 'command-too-long', count: 15_000 },
  },
  'userns-refused': {
    means: 'The system does not let ordinary users make namespaces, of which a box consists.',
    todo: 'Allow it as the message says; `agentbox doctor` says which of the switches it is.',
    example: { code: 'userns-refused', by: 'sysctl', stderr: '' },
  },
  'arch-unsupported': {
    means: 'There is no table of system calls for this processor, so no filter.',
    todo: 'Use a machine of a kind that there is one for.',
    example: { code: 'arch-unsupported', arch: 'riscv64' },
  },
  'helper-missing': {
    means: 'The installation is not whole.',
    todo: 'Install again.',
    example: { code: 'helper-missing', path: '/usr/lib/node_modules/agentbox/dist/agentbox-helper' },
  },
  'box-not-joined': {
    means: 'The box stands, and agentbox cannot mount masks in it. It was ended before the agent started.',
    todo: 'The kernel has to be 5.12 or newer and must not forbid `setns`; `agentbox doctor`.',
    example: { code: 'box-not-joined', reason: 'setns: Operation not permitted' },
  },
  'box-tampered': {
    means:
      'A file or directory was replaced between the look at it and its mount, as an agent in another box could do it.',
    todo: 'Try again. If it stays, look at what runs in the project: `agentbox status`.',
    example: {
      code: 'box-tampered',
      path: '/home/me/work/shop/.git',
      expected: 'a file or directory',
      found: 'a link or nothing',
    },
  },
  'scan-failed': {
    means: 'A directory cannot be read, and what is in it could be read from the box.',
    todo: 'Make it readable, or hide it from the box.',
    example: { code: 'scan-failed', path: 'build/cache', reason: 'input/output error' },
  },
  'command-not-found': {
    means: 'PATH has no such program outside of the repository.',
    todo: 'Install it, or name it by its path.',
    example: { code: 'command-not-found', name: 'claude' },
  },
  'command-not-runnable': {
    means: 'The program is there and cannot be started: not executable, or not to be seen in the box.',
    todo: 'Mend the reason; a program elsewhere in the home needs `filesystem.read`.',
    example: {
      code: 'command-not-runnable',
      path: '/home/me/work/shop/run.sh',
      reason: 'permission denied',
    },
  },
  'hooks-unavailable': {
    means: 'Hooks belong to a work tree of git, and here is none.',
    todo: 'Go to one, or make one: `git init`.',
    example: { code: 'hooks-unavailable', reason: 'there is no git work tree here' },
  },
  'state-unusable': {
    means:
      'A directory of state is closed to you, full, or open to others, so that nothing in it could be relied on.',
    todo: 'Make it a directory of your own with mode 0700 and room in it ([faults](faults.md)).',
    example: {
      code: 'state-unusable',
      path: '/home/me/.local/state/agentbox',
      reason: 'it belongs to somebody else',
    },
  },
  'secret-refused': {
    means: '`agentbox secret edit` cannot keep a promise about this file.',
    todo: 'Do what the second line says ([live masks](live-masks.md)).',
    example: {
      code: 'secret-refused',
      path: 'notes.txt',
      reason: 'its name is not one that is masked',
      hint: 'add it to masks.patterns first',
    },
  },
  io: {
    means: 'The system refused something to agentbox that it needs.',
    todo: 'The path and the reason are those of the system: rights, room on the disk, a file that is gone.',
    example: {
      code: 'io',
      action: 'write',
      path: '/home/me/.bashrc',
      reason: 'no space left on device',
    },
  },
}
