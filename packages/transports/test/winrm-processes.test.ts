import { describe, expect, test } from 'vitest'
import { lookScript, readLeft, stopScript } from '../src/winrm/processes.ts'

describe('the scripts that look for what a command has left', () => {
  // an error that only is told, and an empty list behind it, would read as "nothing is left"
  test.each([lookScript('one-1'), stopScript('one-1')])('end at the first error, and say nothing then', (script) => {
    expect(script).toMatch(/^\$ErrorActionPreference='Stop'\n/)
    expect(script).toContain('Get-CimInstance Win32_Process -ErrorAction Stop|')
  })

  test('have said something only with their own line', () => {
    expect(readLeft('')).toBeUndefined()
    expect(readLeft('Get-CimInstance : Access denied\r\n')).toBeUndefined()
    expect(readLeft('oc-unknown\r\n')).toBeUndefined()
    expect(readLeft('oc-left \r\n')).toEqual([])
    expect(readLeft('oc-left 12 34\r\n')).toEqual([12, 34])
  })
})
