import { describe, expect, test } from 'vitest'
import { readAccount, upperCase } from '../../src/ntlm/account.ts'
import { authenticateMessage, negotiateMessage } from '../../src/ntlm/authenticate.ts'
import { Av, AV_FLAG_MIC, findAv, readAvPairs } from '../../src/ntlm/av-pairs.ts'
import { readChallenge } from '../../src/ntlm/challenge.ts'
import { readField } from '../../src/ntlm/message.ts'
import { hmacMd5, ntHash } from '../../src/ntlm/response.ts'
import { negotiateToken, realConversation } from '../conversation.ts'

const challenge = readChallenge(negotiateToken(realConversation()[1]!))
const identity = { username: 'vagrant', hash: ntHash('vagrant') }

const authenticate = (more: { servicePrincipalName?: string; channelBinding?: Buffer; username?: string } = {}) =>
  authenticateMessage(negotiateMessage(), challenge, { ...identity, ...more })

const targetIn = (message: Buffer) => readAvPairs(readField(message, 20).subarray(44))

describe('names', () => {
  test.each([
    ['DOM\\anna', 'anna', 'DOM'],
    ['.\\anna', 'anna', 'SERVER'],
    ['anna@dom.example', 'anna@dom.example', ''],
    ['anna', 'anna', ''],
    ['DOM\\', '', 'DOM'],
  ])('%s is %s of %s', (name, user, domain) => {
    expect(readAccount(name, 'SERVER')).toEqual({ user, domain })
  })

  test('upper case keeps the number of characters, as Windows does', () => {
    expect(upperCase('straße é ŵ')).toBe('STRAßE É Ŵ')
  })
})

describe('the last message of the handshake', () => {
  test('carries a MIC over all three messages', () => {
    const { message, sessionKey } = authenticate()
    const withoutMic = Buffer.from(message)
    withoutMic.fill(0, 72, 88)
    const mic = hmacMd5(sessionKey, negotiateMessage(), challenge.message, withoutMic)
    expect(message.subarray(72, 88)).toEqual(mic)
    expect(findAv(targetIn(message), Av.flags)?.readUInt32LE()).toBe(AV_FLAG_MIC)
    expect(readField(message, 12)).toEqual(Buffer.alloc(24))
  })

  test('binds the answer to the service and to the TLS channel when they are known', () => {
    const binding = Buffer.alloc(16, 7)
    const { message } = authenticate({ servicePrincipalName: 'HTTP/server', channelBinding: binding })
    const target = targetIn(message)
    expect(findAv(target, Av.targetName)?.toString('utf16le')).toBe('HTTP/server')
    expect(findAv(target, Av.channelBindings)).toEqual(binding)
    expect(findAv(targetIn(authenticate().message), Av.channelBindings)).toBeUndefined()
  })

  test('repeats the server’s own names and time', () => {
    const target = targetIn(authenticate().message)
    expect(findAv(target, Av.computerName)?.toString('utf16le')).toBe('VAGRANT-CFGTV38')
    expect(findAv(target, Av.timestamp)).toEqual(challenge.timestamp)
  })

  test('says the machine’s own name for ".\\"', () => {
    const { message } = authenticate({ username: '.\\anna' })
    expect(readField(message, 28).toString('utf16le')).toBe('VAGRANT-CFGTV38')
    expect(readField(message, 36).toString('utf16le')).toBe('anna')
  })
})
