import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBytes, fsPath, toBytes } from '../../../src/host/bytes.ts'

describe('bytes of names', () => {
  it.each([
    [[0x61], 'a'],
    [[0xff], '\uDCFF'],
    [[0x61, 0x80, 0x62], 'a\uDC80b'],
    [[0xc3, 0xa9], 'é'],
    [[0xc3], '\uDCC3'],
    [[0xc0, 0xaf], '\uDCC0\uDCAF'],
    [[0xed, 0xa0, 0x80], '\uDCED\uDCA0\uDC80'],
    [[0xef, 0xbf, 0xbd], '\uFFFD'],
    [[0xef, 0xbf, 0xbd, 0xff], '\uFFFD\uDCFF'],
    [[0xf0, 0x9f, 0x98, 0x80], '😀'],
    [[0xf4, 0x90, 0x80, 0x80], '\uDCF4\uDC90\uDC80\uDC80'],
  ])('%j is %j', (bytes, text) => {
    expect(fromBytes(Buffer.from(bytes))).toBe(text)
    expect([...toBytes(text)]).toEqual(bytes)
  })

  it('keeps any bytes, through JSON too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const text = JSON.parse(JSON.stringify(fromBytes(Buffer.from(bytes)))) as string
        expect(Buffer.compare(toBytes(text), Buffer.from(bytes))).toBe(0)
      }),
    )
  })

  it('hands ordinary names to the file system as they are', () => {
    expect(fsPath('/a/é')).toBe('/a/é')
    expect(fsPath('/a/\uDCFF')).toEqual(Buffer.from([0x2f, 0x61, 0x2f, 0xff]))
  })
})
