import { expect, test, vi } from 'vitest'
import { WinrmError } from '../../src/index.ts'
import { gssapi } from '../../src/gssapi/library.ts'

vi.mock('koffi', () => {
  throw new Error('Cannot find package koffi')
})

test('without koffi the error says what to install', async () => {
  await expect(gssapi()).rejects.toThrow(WinrmError)
  await expect(gssapi()).rejects.toThrow(/optional package koffi/)
})
