import { describe, expect, test } from 'vitest'
import { collectGuarded } from '../testing/index.ts'
import { startHouse } from './winrm-house.ts'

const ways = [
  { name: 'PowerShell', transport: 'winrs', interpreter: 'powershell' },
  { name: 'cmd', transport: 'winrs', interpreter: 'cmd' },
  { name: 'PowerShell that stays', transport: 'psrp', interpreter: 'powershell' },
] as const

/** In the language of /bin/sh, which the simulated cmd starts. */
const script = { powershell: 'echo begun; sleep 600', cmd: 'echo begun & sleep 600' }

describe.each(ways)('a command of $name under a guard', ({ transport, interpreter }) => {
  test.each(['cancelled', 'timeout'] as const)(
    'that was stopped (%s) and not looked at is unconfirmed',
    async (because) => {
      await using house = await startHouse({ failsToLook: () => true }, { transport })
      await using shell = await house.connect()
      const cancel = new AbortController()
      const { exit } = await collectGuarded(shell, 'unseen-1', script[interpreter], {
        interpreter,
        signal: cancel.signal,
        ...(because === 'timeout' ? { timeoutMs: 100 } : { onOutput: () => cancel.abort() }),
      })
      expect(exit).toEqual({ kind: 'stopped', because, outcome: 'unconfirmed', pids: [] })
    },
  )
})
