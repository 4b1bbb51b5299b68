// The numbers of MS-NLMP 4.2.1 and 4.2.4: user "User", password "Password", domain "Domain", server "Server".
import { describe, expect, test } from 'vitest'
import { Av } from '../../src/ntlm/av-pairs.ts'
import { createRc4 } from '../../src/ntlm/rc4.ts'
import { ntHash, proveLmV2, proveNtlmV2, responseKey } from '../../src/ntlm/response.ts'
import { createSealing } from '../../src/ntlm/sealing.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const serverChallenge = hex('0123456789abcdef')
const clientChallenge = hex('aa'.repeat(8))
const sessionKey = hex('55'.repeat(16))
const key = responseKey(ntHash('Password'), { user: 'User', domain: 'Domain' })
const target = [
  { id: Av.domainName, value: Buffer.from('Domain', 'utf16le') },
  { id: Av.computerName, value: Buffer.from('Server', 'utf16le') },
]

describe('NTLMv2 gives the numbers of MS-NLMP 4.2', () => {
  const proof = proveNtlmV2(key, serverChallenge, clientChallenge, Buffer.alloc(8), target)

  test('the NT hash (4.2.2.1.2)', () => {
    expect(ntHash('Password').toString('hex')).toBe('a4f49c406510bdcab6824ee7c30fd852')
  })

  test('the response key (4.2.4.1.1)', () => {
    expect(key.toString('hex')).toBe('0c868a403bfd7a93a3001ef22ef02e3f')
  })

  test('the responses and the session base key (4.2.4.1.2, 4.2.4.2)', () => {
    expect(proof.response.subarray(0, 16).toString('hex')).toBe('68cd0ab851e51c96aabc927bebef6a1c')
    expect(proof.sessionBaseKey.toString('hex')).toBe('8de40ccadbc14a82f15cb0ad0de95ca3')
    expect(proveLmV2(key, serverChallenge, clientChallenge).toString('hex')).toBe(
      '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa',
    )
  })

  test('the encrypted session key (4.2.4.2.3)', () => {
    expect(createRc4(proof.sessionBaseKey)(sessionKey).toString('hex')).toBe('c5dad2544fc9799094ce1ce90bc9d03e')
  })

  test('a sealed message and its signature (4.2.4.4)', () => {
    const plain = Buffer.from('Plaintext', 'utf16le')
    const message = createSealing(sessionKey, 'client-to-server').seal(plain)
    expect(message.sealed.toString('hex')).toBe('54e50165bf1936dc996020c1811b0f06fb5f')
    expect(message.signature.toString('hex')).toBe('010000007fb38ec5c55d497600000000')
    expect(createSealing(sessionKey, 'client-to-server').unseal(message)).toEqual(plain)
  })
})
