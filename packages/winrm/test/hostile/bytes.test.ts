// Whatever a server sends: a typed error or a result, never another exception, never without end.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ntlmProtection } from '../../src/auth/ntlm.ts'
import { isSpnego, mechanismToken, spnegoReply } from '../../src/auth/spnego.ts'
import { bindingHash, endPointBinding } from '../../src/connection/channel-binding.ts'
import { openBody, sealBody } from '../../src/connection/sealed-body.ts'
import { objectId, readElements, writeElement } from '../../src/der.ts'
import { WinrmError } from '../../src/errors.ts'
import { readChallenge } from '../../src/ntlm/challenge.ts'
import { createDefragmenter, createFragmenter } from '../../src/psrp/fragments.ts'
import { readMessage } from '../../src/psrp/messages.ts'
import { readCommandId, readReceived, readShellId } from '../../src/winrs/answers.ts'
import { readAnswer } from '../../src/wsman/endpoint.ts'
import { readXml } from '../../src/wsman/xml-reader.ts'
import { negotiateToken, realConversation } from '../conversation.ts'
import { dialogue } from '../dialogues.ts'

/** Anything but a result or an error of ours is false. */
const isResultOrTypedError = (work: () => unknown): boolean => {
  try {
    work()
    return true
  } catch (error) {
    return error instanceof WinrmError
  }
}

/** A real message with some of its bytes changed, or cut short, or with something behind it. */
const damaged = (whole: Buffer) =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.integer({ min: 0, max: whole.length }),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([changes, length, tail]) => {
      const copy = Buffer.from(whole)
      for (const [at, value] of changes) copy[at] = value
      return Buffer.concat([copy.subarray(0, length), tail])
    })

const anyBytes = (like: Buffer) =>
  fc.oneof(
    damaged(like),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  )

const challenge = negotiateToken(realConversation()[1]!)
const reply = spnegoReply('incomplete', objectId('1.3.6.1.4.1.311.2.2.10'), challenge)
const key = Buffer.alloc(16, 5)
const sealed = sealBody(ntlmProtection(key, 'server'), Buffer.from('<answer/>'))
const fragments = Buffer.concat(createFragmenter()(Buffer.alloc(100, 'x'), 50))

describe('damaged bytes give a result or an error of ours', () => {
  test.each<[string, Buffer, (data: Buffer) => unknown]>([
    ['an NTLM challenge', challenge, readChallenge],
    ['a SPNEGO token', reply, (data) => isSpnego(data) && mechanismToken(data)],
    ['DER', writeElement(0x30, objectId('1.2.840.113549.1.1.11'), Buffer.from([5, 0])), readElements],
    [
      'a certificate',
      writeElement(0x30, writeElement(0x30), writeElement(0x30, objectId('1.2.3'))),
      (data) => bindingHash(endPointBinding(data)),
    ],
    ['a sealed body', sealed, (data) => openBody(ntlmProtection(key, 'client'), data)],
    ['fragments of PowerShell’s', fragments, (data) => createDefragmenter()(data)],
    ['a message of PowerShell’s', Buffer.concat([Buffer.alloc(40), Buffer.from('<S>x</S>')]), readMessage],
  ])('%s', (_what, like, read) => {
    const property = fc.property(anyBytes(like), (data) => isResultOrTypedError(() => read(data)))
    expect(() => fc.assert(property, { numRuns: 1_000 })).not.toThrow()
  })

  test('an envelope', () => {
    const answers = dialogue('winrs', 'test_winrs_standard').map(({ response }) => Buffer.from(response))
    const read = (data: Buffer) => {
      const body = readAnswer(data.toString(), '')
      readShellId(body)
      readCommandId(body)
      readReceived(body)
    }
    const anyDamaged = fc.oneof(...answers.map(damaged))
    const property = fc.property(anyDamaged, (data) => isResultOrTypedError(() => read(data)))
    expect(() => fc.assert(property, { numRuns: 1_000 })).not.toThrow()
  })
})

describe('XML that means harm', () => {
  test.each([
    ['entities that grow (a "billion laughs")', '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'],
    ['an entity from elsewhere', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'],
    ['an entity nobody declared', '<x>&other;</x>'],
    ['elements in elements without end', '<a>'.repeat(100_000)],
    ['elements beside elements without end', `<a>${'<b/>'.repeat(100_000)}</a>`],
    ['a prefix nobody declared', '<x:y/>'],
    ['two roots', '<a/><b/>'],
    ['nothing', ''],
    ['a zero byte', '<a>\0</a>'],
  ])('%s is refused', (_what, xml) => {
    expect(() => readXml(xml)).toThrow(WinrmError)
  })
})

describe('lengths that lie', () => {
  test.each([
    ['a DER length of four gigabytes', () => readElements(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))],
    ['a DER length without end', () => readElements(Buffer.from([0x30, 0x80, 0, 0]))],
    ['a DER length of 127 bytes', () => readElements(Buffer.from([0x30, 0xff]))],
    [
      'a fragment of four gigabytes',
      () => createDefragmenter()(Buffer.concat([Buffer.alloc(16), Buffer.from([3, 0xff, 0xff, 0xff, 0xff])])),
    ],
    [
      'a sealed header of four gigabytes',
      () => {
        const lying = Buffer.from(sealed)
        lying.writeUInt32LE(0xffff_ffff, lying.indexOf('octet-stream\r\n') + 14)
        return openBody(ntlmProtection(key, 'client'), lying)
      },
    ],
  ])('%s', (_what, read) => {
    expect(read).toThrow(WinrmError)
  })

  test('a message in fragments without end stops somewhere', () => {
    const defragment = createDefragmenter()
    const fragment = Buffer.alloc(21 + 1_000_000)
    fragment.writeUInt32BE(1_000_000, 17)
    const flood = () => {
      for (let n = 0; n < 200; n++) {
        fragment.writeBigUInt64BE(BigInt(n), 8)
        fragment.writeUInt8(n === 0 ? 1 : 0, 16)
        defragment(Buffer.from(fragment))
      }
    }
    expect(flood).toThrow(/too long/)
  })
})
