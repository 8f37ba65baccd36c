import { keysOf } from './keys.ts'

/** The table of all keys for docs/policy.md, from the schema. */
export function keysMarkdown(): string {
  const rows = keysOf('user').flatMap((key) =>
    key.kind === undefined
      ? []
      : [`| \`${key.key}\` | ${key.kind} | ${key.takes} | ${key.default} | ${key.merge} | ${key.about} |`],
  )
  const head = '| key | kind | takes | default | layers | meaning |\n| --- | --- | --- | --- | --- | --- |\n'
  return `\n${head}${rows.join('\n')}\n\n`
}
