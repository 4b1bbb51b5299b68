import { describe, expect, test } from 'vitest'
import { framed, PROCESS, Source } from '../../src/powershell/script.ts'
import { runspaceScript } from '../../src/psrp/script.ts'
import { literalScript } from '../../testing/power-shell.ts'

describe('the text around a script', () => {
  test.each(['plain', "it's", '‘quotes’', "a\nb\n'c'\n", 'param($x)\n$x', "$__script='x'\n"])(
    'holds exactly the script: %j',
    (script) => {
      expect(literalScript(framed(PROCESS, Source.literal(script), false))).toBe(script)
      expect(literalScript(runspaceScript(script, true))).toBe(script)
    },
  )

  test('has room for two thousand characters beside it on a command line', () => {
    expect(framed(PROCESS, Source.literal('x'.repeat(2_000)), true).length).toBeLessThan(2_900)
  })

  test('gives input to scripts that have some, and to no others', () => {
    expect(framed(PROCESS, Source.variable, true)).toContain('$input|. $__block')
    expect(framed(PROCESS, Source.stdin, false)).not.toContain('$input|.')
  })
})
