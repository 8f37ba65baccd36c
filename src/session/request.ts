import { fail } from '../errors.ts'
import { toBytes } from '../host/bytes.ts'
import type { LaunchInput } from './launcher.ts'

/** Numbers that bwrap finds its descriptors under; the same in native/common.h. */
const ARGS_FD = 5
export const SECCOMP_FD = 6
export const FIRST_DATA_FD = 10

/** Kinds of records that are not descriptors, see native/start.c. */
const ARGV = 0
const ENVIRON = 1
const END = 2
const GROUPS = 3

/**
 * What the native helper needs to start bwrap: records of number, length, bytes. Strings go this way
 * because Node can pass only UTF-8 as arguments. The command stands in bwrap's argv for `ps` to show; the
 * options are read from a descriptor, so they may be many. Fails on strings with a NUL byte.
 */
export function encodeRequest(input: LaunchInput): Buffer {
  const { bwrap, bwrapArgs, initPath, openFiles, command, env } = input
  const given = {
    '--processes': input.limits?.processes,
    '--memory': input.limits?.memory,
    '--open-files': openFiles,
  }
  const limits = Object.entries(given).flatMap(([option, value]) =>
    value === undefined ? [] : [option, String(value)],
  )
  const argv = [bwrap, '--args', String(ARGS_FD), '--', initPath, 'init', ...limits, '--', ...command]
  const options = [...bwrapArgs, '--seccomp', String(SECCOMP_FD)]
  const environ = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return Buffer.concat([
    ...record(ARGV, strings(argv)),
    ...record(ENVIRON, strings(environ)),
    ...(input.groups === undefined ? [] : record(GROUPS, strings(input.groups))),
    ...record(ARGS_FD, strings(options)),
    ...record(SECCOMP_FD, input.seccomp),
    ...input.data.flatMap((bytes, index) => record(FIRST_DATA_FD + index, bytes)),
    ...record(END, Buffer.alloc(0)),
  ])
}

function record(number: number, body: Buffer): Buffer[] {
  const header = Buffer.from(new Uint32Array([number, body.length]).buffer)
  return [header, body]
}

function strings(list: readonly string[]): Buffer {
  for (const text of list) {
    // A NUL would end the argument and make the rest of it an option of its own.
    if (text.includes('\0'))
      fail({ code: 'io', action: 'pass to the box', path: text, reason: 'it has a NUL byte' })
  }
  return Buffer.concat(list.map((text) => toBytes(`${text}\0`)))
}
