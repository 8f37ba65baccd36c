import { describe, expect, test } from 'vitest'
import type { Verdict } from '../../../src/network/proxy/access.ts'
import { makeReporter } from '../../../src/network/proxy/report.ts'

const verdict = (host: string, decision: Verdict['decision'] = 'refused'): Verdict => ({
  ...{ decision, host, port: 443, rule: 'not in network.allow', via: 'connect' },
})

describe('what is told of decisions', () => {
  const make = () => {
    const told: [string, number][] = []
    return { told, ...makeReporter(({ host, decision }, times) => told.push([`${decision} ${host}`, times])) }
  }

  test('each at once, as long as there are few', () => {
    const { told, report } = make()
    for (let count = 0; count < 3; count++) report(verdict('a.example'))
    expect(told).toEqual(Array.from({ length: 3 }, () => ['refused a.example', 1]))
  })

  test('a flood of one is a few lines, and no decision is lost', () => {
    const { told, report, tick, flush } = make()
    for (let count = 0; count < 100_000; count++) {
      report(verdict('a.example'))
      if (count % 10_000 === 0) tick()
    }
    flush()
    expect(told.length).toBeLessThan(600)
    expect(told.reduce((sum, [, times]) => sum + times, 0)).toBe(100_000)
  })

  test('a flood of many names is counted where they are too many to name', () => {
    const { told, report, flush } = make()
    for (let count = 0; count < 100_000; count++) report(verdict(`h${count}.example`))
    flush()
    expect(told.length).toBeLessThan(2000)
    expect(told.at(-1)).toEqual(['refused others', 100_000 - told.length + 1])
  })

  test('what is refused takes no room from what is allowed', () => {
    const { told, report } = make()
    for (let count = 0; count < 10_000; count++) report(verdict(`h${count}.example`))
    report(verdict('good.example', 'allowed'))
    expect(told.at(-1)).toEqual(['allowed good.example', 1])
  })
})
