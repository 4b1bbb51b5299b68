import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { openLive } from '../../../../test/live.ts'

const token = `t0k€n-"with' $igns\\ & (more) 4711 of/them+all`
const second = 'the-other-secret-of-this-job'

/** Ways in which commands show what they know, in the words of a target's own tools. */
const leaks = [
  'echo "$t"',
  `printf '%s' "$t" | base64`,
  `printf 'x%s' "$t" | base64 -w 20`,
  `printf 'xy%s-and-what-follows' "$t" | base64 -w 64`,
  `printf '%s' "$t" | od -An -v -tx1`,
  `printf '%s' "$t" | od -An -v -tx1 | tr -d ' \\n'; echo`,
  `printf '%s' "$t" | fold -w 16; echo`,
  `bash -c 'printf "%q\\n" "$1"' _ "$t"`,
  `bash -c 'echo "\${1@Q}"' _ "$t"`,
  `sh -xc ': "$1"' _ "$t"`,
  `bash -xc ': "$1"' _ "$t"`,
  // byte by byte
  `printf '%s' "$t" | dd bs=1 2>/dev/null; echo`,
]

describe.skipIf(!sshdAvailable('leaks'))('a job that shows its secrets on purpose', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet()
  })
  afterAll(() => fleet?.[Symbol.asyncDispose]())

  test('shows them nowhere: not in pages, downloads, matches, live frames, logs, results or commands', async () => {
    const { serial } = await fleet.addJob(
      [
        `t={{ token }}; { ${leaks.join('; ')}; }`,
        `t={{ token }}; exec 1>&2; { ${leaks.join('; ')}; }; echo {{ second }}`,
        { type: 'ssh.script', script: `t={{ token }}\n{\n${leaks.join('\n')}\n}`, interpreter: '/bin/bash' },
      ],
      { parameters: { token: { type: 'string', secret: true }, second: { type: 'string', secret: true } } },
    )
    const { uuid } = await fleet.admin(api.executions.start, {
      params: { ref: serial },
      body: { parameters: { token, second } },
    })
    await using live = await openLive(fleet)
    live.subscribe('out', { topic: 'output', ref: uuid, branch: 1, from: 0 })
    live.subscribe('it', { topic: 'execution', ref: uuid, from: 0 })
    expect((await fleet.ended({ uuid })).status).toBe('completed')
    await live.until((frame) => frame.type === 'output' && frame.isComplete)

    const ask = { params: { ref: uuid, number: 1 }, query: {} }
    const shown = [
      await fleet.text(uuid),
      JSON.stringify(await fleet.admin(api.executions.output, ask)),
      JSON.stringify(await fleet.admin(api.executions.searchOutput, { ...ask, query: { q: '4711' } })),
      JSON.stringify(live.frames),
      JSON.stringify(await fleet.log(uuid)),
      JSON.stringify(await fleet.steps(uuid)),
      JSON.stringify(await fleet.auditLines()),
    ]
    // without what separates signs in any of the writings
    const parts = [token, second].flatMap((secret) => {
      const bytes = Buffer.from(secret)
      const base64 = [0, 1, 2].map((offset) =>
        bytes.subarray(offset).toString('base64').replace(/=+$/, '').slice(0, -1),
      )
      return [secret, bytes.toString('hex'), ...base64].flatMap((text) =>
        Array.from({ length: text.length - 7 }, (_, at) => text.slice(at, at + 8).replace(/[\s'"\\$]/g, '')),
      )
    })
    for (const text of shown) {
      const squeezed = text.replace(/\\n|[\s'"\\$]/g, '')
      expect(parts.filter((part) => part.length >= 6 && squeezed.includes(part))).toEqual([])
    }
    expect(shown[0]?.match(/\*{8}/g)?.length).toBeGreaterThan(3 * leaks.length)
  })
})
