import { describe, expect, test } from 'vitest'
import { ntlmProtection } from '../../src/auth/ntlm.ts'
import { openBody, sealBody } from '../../src/connection/sealed-body.ts'
import { ProtocolError } from '../../src/errors.ts'
import { readChallenge } from '../../src/ntlm/challenge.ts'
import { readField } from '../../src/ntlm/message.ts'
import { createRc4 } from '../../src/ntlm/rc4.ts'
import { hmacMd5, ntHash, responseKey } from '../../src/ntlm/response.ts'
import { negotiateToken, realConversation } from '../conversation.ts'

const [, challengeAnswer, authenticate, , ...sealed] = realConversation()

/** The session key of the recorded conversation, from its published password. */
const recordedKey = () => {
  const message = negotiateToken(authenticate!)
  const key = responseKey(ntHash('vagrant'), { user: 'vagrant', domain: '' })
  const { serverChallenge } = readChallenge(negotiateToken(challengeAnswer!))
  const proof = hmacMd5(key, serverChallenge, readField(message, 20).subarray(16))
  return createRc4(hmacMd5(key, proof))(readField(message, 52))
}

const KEY = Buffer.alloc(16, 3)
const pair = () => ({ client: ntlmProtection(KEY, 'client'), server: ntlmProtection(KEY, 'server') })

describe('a sealed body', () => {
  test('is byte for byte what the recorded client sent and what Windows answered', () => {
    const key = recordedKey()
    const reader = { client: ntlmProtection(key, 'server'), server: ntlmProtection(key, 'client') }
    const writer = { client: ntlmProtection(key, 'client'), server: ntlmProtection(key, 'server') }
    for (const { from, body } of sealed) {
      const plain = openBody(reader[from], body)
      expect(plain.toString()).toContain('Envelope>')
      expect(sealBody(writer[from], plain).equals(body)).toBe(true)
    }
  })

  test('is opened also as Exchange writes it, with a blank after the dashes', () => {
    const { client, server } = pair()
    const body = sealBody(server, Buffer.from('<a/>')).toString('latin1').replaceAll('--Enc', '-- Enc')
    expect(openBody(client, Buffer.from(body, 'latin1')).toString()).toBe('<a/>')
  })

  test('is cut by its length, though its bytes may look like a boundary', () => {
    const { client } = pair()
    const looksLikeIt = Buffer.from('--Encrypted Boundary--\r\n')
    const clear = {
      protocol: 'x',
      seal: (plain: Buffer) => ({ header: looksLikeIt, sealed: plain }),
      unseal: ({ sealed: text }: { sealed: Buffer }) => text,
    }
    expect(openBody(clear, sealBody(clear, looksLikeIt))).toEqual(looksLikeIt)
    expect(() => openBody(client, sealBody(clear, looksLikeIt))).toThrow(ProtocolError)
  })

  test('that was altered anywhere is refused', () => {
    const body = sealBody(pair().server, Buffer.from('<command>dir</command>'))
    for (let at = body.length - 60; at < body.length - 4; at++) {
      const altered = Buffer.from(body)
      altered[at]! ^= 1
      expect(() => openBody(pair().client, altered)).toThrow(ProtocolError)
    }
  })

  test('that comes twice, or in clear, is refused', () => {
    const { client, server } = pair()
    const body = sealBody(server, Buffer.from('<a/>'))
    openBody(client, body)
    expect(() => openBody(client, body)).toThrow(ProtocolError)
    expect(() => openBody(client, Buffer.from('<s:Envelope/>'))).toThrow(ProtocolError)
  })

  test.each([
    ['a length beyond its end', ';Length=5', ';Length=999999999'],
    ['a length below its own', ';Length=5', ';Length=4'],
    ['no length', ';Length=5', ''],
  ])('with %s is refused', (_what, from, to) => {
    const { client, server } = pair()
    const body = sealBody(server, Buffer.from('12345')).toString('latin1').replace(from, to)
    expect(() => openBody(client, Buffer.from(body, 'latin1'))).toThrow(ProtocolError)
  })
})
