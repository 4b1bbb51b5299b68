import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal } from '../../../../test/client.ts'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { openLive } from '../../../../test/live.ts'

describe.skipIf(!sshdAvailable('plans'))('plans and values', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-plans-'))
  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2 })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const plan = (ref: string, body: object = {}) => fleet.admin(api.jobs.plan, { params: { ref }, body })
  const start = (ref: string, body: object = {}) => fleet.admin(api.executions.start, { params: { ref }, body })

  test('a plan says which target gets which command, by which way, and nothing runs', async () => {
    const { serial } = await fleet.addJob(['echo {{ word }} on {{ target.name }} {{ branch.number }}'], {
      parameters: { word: "it's" },
      strategy: { batches: [1] },
    })
    const { branches, job, warnings } = await plan(serial)
    expect(job).toMatchObject({ serial, version: 1 })
    expect(warnings).toEqual([])
    expect(branches.map(({ number, target, batch, credential }) => [number, target.name, batch, credential])).toEqual([
      ['001', 'host-1', 1, 'key of host-1'],
      ['002', 'host-2', 2, 'key of host-2'],
    ])
    expect(branches[0]?.method).toMatchObject({ type: 'ssh', host: '127.0.0.1', port: fleet.servers[0]?.port })
    expect(branches[1]?.steps[0]?.command).toBe(String.raw`echo 'it'\''s' on host-2 002`)
    expect((await fleet.admin(api.executions.list, { query: { job: serial } })).items).toEqual([])
  })

  test('what runs is exactly what was planned', async () => {
    const { serial } = await fleet.addJob(['echo {{ word }}'], { parameters: { word: 'a' } })
    const { hash, branches } = await plan(serial, { parameters: { word: 'b c' } })
    expect((await plan(serial, { parameters: { word: 'b c' } })).hash).toBe(hash)
    expect((await plan(serial)).hash).not.toBe(hash)
    const execution = await fleet.ended(await start(serial, { parameters: { word: 'b c' }, planHash: hash }))
    expect(execution.planHash).toBe(hash)
    expect((await fleet.steps(execution.uuid))[0]?.command).toBe(branches[0]?.steps[0]?.command)
  })

  test('a plan that is stale is refused', async () => {
    const { serial, document } = await fleet.addJob(['echo one'])
    const { hash } = await plan(serial)
    await fleet.admin(api.jobs.replace, {
      params: { ref: serial },
      body: { ...document, steps: [{ type: 'ssh.exec', command: 'echo two' }] },
    })
    const { code, status } = await refusal(start(serial, { planHash: hash }))
    expect([code, status]).toEqual(['plan_changed', 409])

    const planned = (await plan(serial)).hash
    const ref = fleet.targets[1]?.uuid ?? ''
    const change = (port: number) =>
      fleet.admin(api.targets.update, {
        params: { ref },
        body: { methods: [{ type: 'ssh', config: { host: '127.0.0.2', port }, credential: 'key of host-2' }] },
      })
    await change(1)
    expect((await refusal(start(serial, { planHash: planned }))).code).toBe('plan_changed')
    await change(fleet.servers[1]?.port ?? 0)
  })

  test('values that try to break out arrive byte by byte as they are, and start nothing', async () => {
    const mark = join(folder, 'started')
    const hostile = [
      `'; touch ${mark} #`,
      `$(touch ${mark})`,
      `\`touch ${mark}\``,
      `"; touch ${mark}; "`,
      `\n touch ${mark} \n`,
      `\${IFS}& touch ${mark} &`,
      `| touch ${mark}`,
      String.raw`\'; touch ${mark} \\`,
      'ünïcödé 🦊 \u202e\u0000'.replace('\u0000', ''),
      '\t\r\u0001\u007f',
      '-rf / *',
      '{{ other }}',
      ' ',
    ]
    const parameters = Object.fromEntries(hostile.map((_, index) => [`v${index}`, { type: 'string' as const }]))
    const names = hostile.map((_, index) => `{{ v${index} }}`)
    const script = [
      ...names.map((name) => `printf '%s\\0' ${name}`),
      ...names.map((name) => `printf '%s\\0' "${name}"`),
      ...names.map((name) => `printf '%s\\0' '${name}'`),
    ].join('\n')
    const { serial } = await fleet.addJob([{ type: 'ssh.script', script }], { parameters, targets: ['host-1'] })
    const values = Object.fromEntries(hostile.map((value, index) => [`v${index}`, value]))
    const { uuid, status } = await fleet.ended(await start(serial, { parameters: values }))
    expect(status).toBe('completed')
    const expected = [...hostile, ...hostile, ...hostile].map((value) => `${value}\0`).join('')
    expect((await fleet.raw(uuid)).equals(Buffer.from(expected))).toBe(true)
    expect(existsSync(mark)).toBe(false)
  })

  test('what no shell can be given is refused, with its name', async () => {
    const { serial } = await fleet.addJob(['echo {{ word }}'], { parameters: { word: { type: 'string' } } })
    for (const word of ['a\0b', 'half \ud83e']) {
      const { code, fields } = await refusal(plan(serial, { parameters: { word } }))
      expect([code, fields?.[0]?.path]).toEqual(['invalid', 'parameters.word'])
    }
    expect((await refusal(plan(serial, { parameters: { word: 5 } }))).fields?.[0]?.message).toBe('expected a string')
    expect((await refusal(plan(serial))).fields?.[0]?.message).toBe('a value is needed')
  })

  test('a secret value shows nowhere: not in plan, output, log, execution, audit trail, live feed or database', async () => {
    const secret = 's3cr3t "pass\'word" /+?'
    const encoded = Buffer.from(secret).toString('base64')
    const script = [
      'echo plain {{ password }}',
      'printf %s {{ password }} | base64',
      'printf %s {{ password }} | od -An -tx1 | tr -d " \\n"; echo',
      'x={{ password }}; printf "%s" "${x%word*}"; sleep 0.2; printf "%s\\n" "word${x##*word}"',
      'echo error {{ password }} >&2; set -x; : {{ password }}; false {{ password }}',
    ].join('\n')
    const { serial } = await fleet.addJob(
      [{ type: 'ssh.script', script, onError: 'continue' }, 'echo {{ password }}'],
      {
        parameters: { password: { type: 'string', secret: true } },
        targets: ['host-1'],
      },
    )
    const body = { parameters: { password: secret } }
    const planned = await plan(serial, body)
    expect(planned.branches[0]?.steps[1]?.command).toBe('echo ********')
    const started = await start(serial, body)
    await using live = await openLive(fleet)
    live.subscribe('out', { topic: 'output', ref: started.uuid, branch: 1, from: 0 })
    live.subscribe('log', { topic: 'log', ref: started.uuid, from: 0 })
    live.subscribe('all', { topic: 'execution', ref: started.uuid, from: 0 })
    const execution = await fleet.ended(started)
    await live.until((frame) => frame.type === 'output' && frame.isComplete)
    expect(execution.parameters).toEqual({ password: '********' })
    const output = await fleet.text(started.uuid)
    expect(output).toContain('plain ********')
    expect(output.split('\n').filter((line) => line === '********').length).toBeGreaterThanOrEqual(3)

    const tables = (await fleet.database.asOwner(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    )) as { name: string }[]
    const texts: string[] = []
    for (const { name } of tables)
      texts.push(JSON.stringify(await fleet.database.asOwner(`select t::text from ${name} t`)))
    const everything = [
      output,
      JSON.stringify([planned, execution, await fleet.steps(started.uuid), await fleet.log(started.uuid)]),
      JSON.stringify(await fleet.admin(api.audit.list, { query: {} })),
      JSON.stringify(live.frames),
      ...texts,
    ]
    const hex = Buffer.from(secret).toString('hex')
    const quoted = secret.replaceAll("'", String.raw`'\''`)
    for (const text of everything) {
      for (const form of [secret, JSON.stringify(secret).slice(1, -1), encoded, hex, quoted])
        expect(text).not.toContain(form)
    }
    // the same values again, opened from the vault
    const again = await fleet.ended(
      await fleet.admin(api.executions.rerun, { params: { ref: started.uuid }, body: {} }),
    )
    // what came on standard error may stand elsewhere among the rest
    const linesOf = (text: string) => text.split('\n').toSorted()
    expect(linesOf(await fleet.text(again.uuid))).toEqual(linesOf(output))
  })
})
