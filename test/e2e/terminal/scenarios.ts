import type { Shell, Terminal } from './terminal.ts'

/** `./run` executes its arguments, in the box or bare; `./agent` answers to lines and signals. */
export interface Scenario {
  name: string
  play(terminal: Terminal, shell: Shell): Promise<void>
  /** Set where a difference in what the shell prints is known and explained. */
  differs?: string
}

/** Answers to each signal and line by a line; "end" ends it with status 4. */
export const AGENT = `#!/bin/bash
for name in INT CONT TSTP; do trap "echo got $name" $name; done
[ "$1" = stoppable ] && trap - TSTP CONT
echo up
while :; do
  read -r line; status=$?
  [ $status -eq 0 ] || { [ $status -gt 128 ] && continue; exit 5; }
  [ "$line" = end ] && exit 4
  echo "read $line"
done
`

/** Says the size of the terminal, and ends when it changes. */
export const SIZED = `#!/bin/bash
trap 'echo "got WINCH $(stty size)"; exit 8' WINCH
echo "up $(stty size)"
for i in {1..1200}; do sleep 0.05; done
`

/** The shell has the terminal again: it can hand it to a program that reads. */
export async function shellHasTerminal(t: Terminal): Promise<void> {
  t.type("sh -c 'echo reads; exec head -n 1'")
  await t.shows(/\nreads$/)
  t.type('typed')
  await t.shows(/typed\ntyped\n>$/)
}

async function status(t: Terminal, shell: Shell, expected: number): Promise<void> {
  await t.shows(/>$/)
  t.type(shell === 'fish' ? 'echo "status $status"' : 'echo "status $?"')
  // fish does not hand on the status of a job that was stopped in between.
  await t.shows(new RegExp(`status ${shell === 'fish' ? '\\d+' : expected}\n>$`))
}

/** The shell says what it continues, with the terminal's settings for that already. */
async function continued(t: Terminal): Promise<void> {
  t.type('fg')
  await t.shows(/> fg\n.*run.*$/)
}

const STOPPED = /(Stopped|suspended|has stopped|stopped).*(\n.*)*\n>$/

export const scenarios: Scenario[] = [
  {
    name: 'Ctrl-C ends a program without a handler',
    async play(t, shell) {
      t.type("./run sh -c 'echo up; exec sleep 60'")
      await t.shows(/^up$/m)
      t.key('C-c')
      await status(t, shell, 130)
      await shellHasTerminal(t)
    },
  },
  {
    name: 'Ctrl-C interrupts a program that goes on, once each time; input and status',
    async play(t, shell) {
      t.type('./run ./agent')
      await t.shows(/^up$/m)
      for (const count of [1, 2, 3]) {
        t.key('C-c')
        await t.shows(new RegExp(`(got INT[^]*){${count}}`))
      }
      t.type('hello')
      await t.shows(/read hello/)
      t.type('end')
      await status(t, shell, 4)
      await shellHasTerminal(t)
    },
  },
  {
    name: 'Ctrl-\\ quits',
    differs: 'bare, the shell says "Quit"; we exit with 131 and leave no core file of Node',
    async play(t, shell) {
      t.type("./run sh -c 'echo up; exec sleep 60'")
      await t.shows(/^up$/m)
      t.key('C-\\')
      await status(t, shell, 131)
    },
  },
  {
    name: 'Ctrl-Z, fg, and the terminal works on both sides',
    async play(t, shell) {
      t.type('./run ./agent stoppable')
      await t.shows(/^up$/m)
      t.key('C-z')
      await t.shows(STOPPED)
      await shellHasTerminal(t)
      await continued(t)
      t.type('hello')
      await t.shows(/read hello/)
      t.key('C-z')
      await t.shows(/(Stopped|suspended|stopped)[^]*(Stopped|suspended|stopped).*(\n.*)*\n>$/)
      await continued(t)
      t.type('end')
      await status(t, shell, 4)
    },
  },
  {
    name: 'Ctrl-Z, bg: it goes on, and ends in the background',
    differs: 'when the shell notices the end of a background job depends on the moment',
    async play(t) {
      t.type(
        "rm -f go result; ./run sh -c 'echo up; until [ -e go ]; do sleep 0.1; done; echo over > result'",
      )
      await t.shows(/^up$/m)
      t.key('C-z')
      await t.shows(STOPPED)
      t.type('bg')
      t.type('touch go')
      await t.showsAfter(/^over$/m, () => t.type('cat result; jobs'))
    },
  },
  {
    name: 'a program that stops itself is a stopped job',
    async play(t, shell) {
      t.type('./run bash -c \'echo one; kill -STOP $$; echo two; read l; echo "read $l"; exit 6\'')
      await t.shows(STOPPED)
      t.type('fg')
      await t.shows(/^two$/m)
      t.type('hello')
      await status(t, shell, 6)
      await t.shows(/^read hello$/m)
    },
  },
  {
    name: 'a new size reaches the program',
    async play(t, shell) {
      t.type('./run ./sized')
      await t.shows(/^up 50 80$/m)
      t.resize(100, 40)
      await status(t, shell, 8)
      await t.shows(/^got WINCH 40 100$/m)
    },
  },
  {
    name: 'a program in the background that reads is stopped, and fg gives it the terminal',
    async play(t, shell) {
      t.type('./run head -n 1 &')
      // bash tells of it before its next prompt only, and nothing else shows from when on there is something to tell.
      await t.showsAfter(/(Stopped|suspended|stopped)/, () => t.type(''))
      await continued(t)
      t.type('hello')
      await t.shows(/hello\nhello\n/)
      await status(t, shell, 0)
    },
  },
  {
    name: 'Ctrl-C ends the loop of a script around it',
    async play(t, shell) {
      t.type(`sh -c 'while :; do ./run sh -c "echo up; exec sleep 60"; echo again; done'`)
      await t.shows(/^up$/m)
      t.key('C-c')
      await status(t, shell, 130)
    },
  },
  {
    name: 'also while the program reads from the terminal',
    async play(t, shell) {
      t.type(`sh -c 'while :; do ./run sh -c "echo up; exec cat"; echo again; done'`)
      await t.shows(/^up$/m)
      t.type('hello')
      await t.shows(/hello\nhello/)
      t.key('C-c')
      await status(t, shell, 130)
    },
  },
  {
    name: 'and a script whose program survives it ends afterwards',
    async play(t, shell) {
      t.type("sh -c './run ./agent; echo after'")
      await t.shows(/^up$/m)
      t.key('C-c')
      await t.shows(/got INT/)
      t.type('end')
      await status(t, shell, 130)
    },
  },
  {
    name: 'a script reads from the terminal after it',
    async play(t, shell) {
      t.type(`sh -c './run sh -c "echo up; exec head -n 1"; read l; echo "script read $l"'`)
      await t.shows(/^up$/m)
      t.type('first')
      await t.shows(/first\nfirst/)
      t.type('second')
      await t.shows(/script read second/)
      await status(t, shell, 0)
    },
  },
  {
    name: 'a program that stops its group in a script stops the script as well',
    async play(t, shell) {
      t.type(`sh -c './run bash -c "kill -TSTP 0; echo back"; echo after'`)
      await t.shows(STOPPED)
      t.type('fg')
      await t.shows(/back\nafter/)
      await status(t, shell, 0)
    },
  },
  {
    name: 'the neighbour in a pipeline has the terminal',
    async play(t, shell) {
      t.type('./run seq 3 | sh -c \'cat; read l < /dev/tty; echo "neighbour read $l"\'')
      await t.shows(/^3$/m)
      t.type('hello')
      await t.shows(/neighbour read hello/)
      await status(t, shell, 0)
    },
  },
  {
    name: 'Ctrl-C reaches both ends of a pipeline',
    async play(t) {
      t.type("./run sh -c 'echo up; exec sleep 60' | cat")
      await t.shows(/^up$/m)
      t.key('C-c')
      await t.shows(/\^C[^]*>$/)
      await shellHasTerminal(t)
    },
  },
]
