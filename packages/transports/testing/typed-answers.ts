import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './find-sshd.ts'
import type { SshdOptions } from './sshd.ts'

/** By these rules sshd asks its questions (pam.d(5)). */
const rulesOfSshd = '/etc/pam.d/sshd'

export interface TypedAnswers extends Disposable {
  /** For `startSshd`. */
  readonly options: Pick<SshdOptions, 'program' | 'settings'>
}

/**
 * Makes an sshd let in whoever answers its question `Password:` with `answer`, through PAM and a program of ours. Its rules
 * lie over the machine's own for this sshd alone: no account and no file of the machine is touched.
 */
export const typedAnswers = (answer: string): TypedAnswers => {
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-typed-'))
  const file = (name: string, lines: readonly string[], mode: number) => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`, { mode })
    return join(folder, name)
  }
  const judge = file('judge', ['#!/bin/sh', `[ "$(tr -d '\\000')" = '${answer}' ]`], 0o755)
  const rules = file(
    'rules',
    [
      `auth required pam_exec.so expose_authtok quiet ${judge}`,
      // it says of credentials what the program does not
      ...['auth', 'account', 'session'].map((kind) => `${kind} required pam_permit.so`),
    ],
    0o644,
  )
  const start = `mount --bind ${rules} ${rulesOfSshd} && exec ${findProgram('sshd')} "$@"`
  return {
    options: {
      program: file('sshd', ['#!/bin/sh', `exec unshare --mount sh -c '${start}' sh "$@"`], 0o755),
      settings: { UsePAM: 'yes', KbdInteractiveAuthentication: 'yes' },
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Whether rules for PAM can be laid over those of the machine. If not, says what is left out. */
export const typedAnswersAvailable = (leftOut: string): boolean => {
  const isAllowed = existsSync(rulesOfSshd) && spawnSync('unshare', ['--mount', 'true']).status === 0
  if (!isAllowed)
    process.stderr.write(`\nLEFT OUT: tests of ${leftOut}. They need root on Linux, and ${rulesOfSshd}.\n\n`)
  return isAllowed
}
