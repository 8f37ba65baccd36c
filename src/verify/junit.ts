import { shown } from '../ui/escape.ts'
import type { Checked } from './index.ts'

/** The results for a CI server: JUnit's XML, a test case a check. What could not be checked is skipped. Pure. */
export function junitXml(checks: readonly Checked[]): string {
  const count = (state: Checked['state']): number => checks.filter((check) => check.state === state).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="agentbox verify" tests="${checks.length}" failures="${count('failed')}" skipped="${count('unchecked')}">`,
    ...checks.map(testCase),
    '</testsuite>',
    '',
  ].join('\n')
}

function testCase({ id, topic, claim, state, detail }: Checked): string {
  const head = `  <testcase classname="agentbox.${topic}" name=${attribute(`${id}: ${claim}`)}`
  if (state === 'contained') return `${head}/>`
  const inner = state === 'failed' ? 'failure' : 'skipped'
  return `${head}><${inner} message=${attribute(detail)}/></testcase>`
}

function attribute(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return `"${shown(text, 1000).replaceAll(/[&<>"]/g, (char) => entities[char]!)}"`
}
