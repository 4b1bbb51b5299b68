import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { chromium, findProgram, sshd } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'opsconductor-programs-'))
afterAll(() => rmSync(folder, { recursive: true }))

const program = (name: string) => {
  const path = join(folder, name)
  writeFileSync(path, '')
  return path
}

test('a browser is found in the path, and the one that CHROMIUM names goes before it', () => {
  const usual = program('chromium')
  const mine = program('my-browser')
  expect(findProgram(chromium, { PATH: folder })).toBe(usual)
  expect(findProgram(chromium, { PATH: folder, CHROMIUM: mine })).toBe(mine)
  expect(findProgram(chromium, { PATH: folder, CHROMIUM: '' })).toBe(usual)
})

test('where CHROMIUM names nothing that is there, no other browser takes its place', () => {
  program('chromium')
  expect(findProgram(chromium, { PATH: folder, CHROMIUM: join(folder, 'gone') })).toBeUndefined()
})

test('CHROMIUM says nothing about other programs', () => {
  const daemon = program('sshd')
  expect(findProgram(sshd, { PATH: folder, CHROMIUM: join(folder, 'gone') })).toBe(daemon)
})
