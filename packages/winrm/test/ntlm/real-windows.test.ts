import { describe, expect, test } from 'vitest'
import { createRc4 } from '../../src/ntlm/rc4.ts'
import { readChallenge } from '../../src/ntlm/challenge.ts'
import { readField } from '../../src/ntlm/message.ts'
import { hmacMd5, ntHash, responseKey } from '../../src/ntlm/response.ts'
import { createSealing } from '../../src/ntlm/sealing.ts'
import { negotiateToken, realConversation } from '../conversation.ts'

const [negotiate, challengeAnswer, authenticate, accepted, ...sealed] = realConversation()
const challenge = readChallenge(negotiateToken(challengeAnswer!))
const message = negotiateToken(authenticate!)

const sessionKeyOf = () => {
  const key = responseKey(ntHash('vagrant'), { user: readField(message, 36).toString('latin1'), domain: '' })
  const response = readField(message, 20)
  const proof = hmacMd5(key, challenge.serverChallenge, response.subarray(16))
  return { proof, sent: response.subarray(0, 16), key: createRc4(hmacMd5(key, proof))(readField(message, 52)) }
}

describe('a recorded conversation with a real Windows host', () => {
  test('the proof is the one Windows accepted', () => {
    const { proof, sent } = sessionKeyOf()
    expect(proof).toEqual(sent)
    expect(accepted!.head).toMatch(/^HTTP\/1.1 200/)
    expect(negotiateToken(negotiate!).readUInt32LE(8)).toBe(1)
  })

  test('every message in both directions opens, and every signature fits', () => {
    const { key } = sessionKeyOf()
    const from = { client: createSealing(key, 'client-to-server'), server: createSealing(key, 'server-to-client') }
    const actions = sealed.map(({ from: side, body }) => {
      const plainLength = Number(/;Length=(\d+)\r\n/.exec(body.toString('latin1', 0, 400))![1])
      const start = body.indexOf('octet-stream\r\n') + 'octet-stream\r\n'.length
      expect(body.readUInt32LE(start)).toBe(16)
      const plain = from[side].unseal({
        signature: body.subarray(start + 4, start + 20),
        sealed: body.subarray(start + 20, start + 20 + plainLength),
      })
      return /Action[^>]*>[^<]*\/(\w+)</.exec(plain.toString())?.[1]
    })
    expect(actions).toEqual(
      ['Create', 'Command', 'Send', 'Receive', 'Signal', 'Delete'].flatMap((name) => [name, `${name}Response`]),
    )
  })
})
