import { expect, test } from 'vitest'
import type { RunMethod } from '../../assets/index.ts'
import { placeHashOf } from './step-place.ts'

const target = { uuid: 'a target' }
const credential = { uuid: 'a credential', name: 'key', username: 'ops', secretVersion: 1 }
const method: RunMethod = {
  uuid: 'a method',
  type: 'ssh',
  name: 'SSH',
  host: 'one',
  port: 22,
  connectTimeoutSec: null,
  sshClient: null,
  guardDirectory: null,
  way: { hops: [], problem: null },
  winrm: null,
  credential,
}
const hop = (host: string) => ({ target: { uuid: host, name: host }, method: { ...method, host } })
const isSame = (change: Partial<RunMethod>, other = target) =>
  placeHashOf(other, { ...method, ...change }) === placeHashOf(target, method)

test('what makes a place another one', () => {
  expect(isSame({}, { uuid: 'another' })).toBe(false)
  expect(isSame({ type: 'winrm' })).toBe(false)
  expect(isSame({ host: 'two' })).toBe(false)
  expect(isSame({ port: 2222 })).toBe(false)
  expect(isSame({ guardDirectory: '/srv/guards' })).toBe(false)
  expect(isSame({ credential: null })).toBe(false)
  expect(isSame({ credential: { ...credential, uuid: 'another' } })).toBe(false)
  expect(isSame({ credential: { ...credential, username: 'newcomer' } })).toBe(false)
  expect(isSame({ way: { hops: [hop('between')], problem: null } })).toBe(false)
})

test('what leaves a place as it is', () => {
  expect(isSame({ name: 'renamed', connectTimeoutSec: 5 })).toBe(true)
  expect(isSame({ uuid: 'saved anew' })).toBe(true)
  expect(isSame({ credential: { ...credential, name: 'renamed', secretVersion: 2 } })).toBe(true)
})

test('an account without a name is known by its secret', () => {
  const nameless = (secretVersion: number) =>
    placeHashOf(target, { ...method, credential: { ...credential, username: null, secretVersion } })
  expect(nameless(1)).not.toBe(nameless(2))
})
