import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal } from '../../../../test/client.ts'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'

describe.skipIf(!sshdAvailable('held plans'))('plans and what became of them', () => {
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
  const commandOf = async (uuid: string, index: number) => (await fleet.steps(uuid))[index]?.command

  test('a stale plan is refused with what has changed', async () => {
    const { serial, document } = await fleet.addJob(['echo one'])
    const { hash } = await plan(serial)
    await fleet.admin(api.jobs.replace, {
      params: { ref: serial },
      body: { ...document, targets: ['host-2'], steps: [{ type: 'ssh.exec', command: 'echo two' }] },
    })
    const { code, status, diff } = await refusal(start(serial, { planHash: hash }))
    expect([code, status]).toEqual(['plan_changed', 409])
    expect(
      diff?.changes.map(({ what, change, target, before, after }) => [what, change, target?.name, before, after]),
    ).toEqual([
      ['version', 'changed', undefined, '1', '2'],
      ['target', 'removed', 'host-1', null, null],
      ['command', 'changed', 'host-2', 'echo one', 'echo two'],
    ])
    expect((await refusal(start(serial, { planHash: 'never seen' }))).diff).toBeUndefined()
  })

  test('another secret is another plan, although both look the same', async () => {
    const { serial } = await fleet.addJob(['true {{ password }}'], {
      parameters: { password: { type: 'string', secret: true } },
    })
    const planned = await plan(serial, { parameters: { password: 'first secret' } })
    const other = { parameters: { password: 'other secret' }, planHash: planned.hash }
    expect((await refusal(start(serial, other))).code).toBe('plan_changed')
    await fleet.ended(await start(serial, { parameters: { password: 'first secret' }, planHash: planned.hash }))
  })

  test('a plan says what is different from the last execution that completed', async () => {
    const { serial, document } = await fleet.addJob(
      [
        { id: 'first', type: 'ssh.exec', command: 'echo {{ word }}' },
        { id: 'second', type: 'ssh.exec', command: 'echo {{ steps.first.stdout }} in {{ execution.ref }}' },
      ],
      { parameters: { word: 'a' } },
    )
    expect((await plan(serial)).sinceSuccess).toBeNull()
    const { uuid, ref } = await fleet.ended(await start(serial))
    const same = await plan(serial)
    expect(same.sinceSuccess).toMatchObject({ execution: { uuid, ref }, diff: { changes: [], total: 0 } })

    const other = await plan(serial, { targets: ['host-2'], parameters: { word: 'b' } })
    expect(other.sinceSuccess?.diff.changes).toMatchObject([
      { what: 'target', change: 'removed', target: { name: 'host-1' } },
      { what: 'command', change: 'changed', step: 'first', before: 'echo a', after: 'echo b' },
    ])
    const command = 'echo {{ steps.first.stdout | upper }}'
    await fleet.admin(api.jobs.replace, {
      params: { ref: serial },
      body: { ...document, steps: [document.steps[0]!, { id: 'second', type: 'ssh.exec', command }] },
    })
    expect((await plan(serial, { targets: ['host-1'] })).sinceSuccess?.diff.changes).toMatchObject([
      { what: 'version' },
      { what: 'target', change: 'removed' },
      { what: 'command', before: 'echo {{ steps.first.stdout }} in {{ execution.ref }}', after: command },
    ])
  })

  test('a plan that touches far more targets than its job ever did is warned of', async () => {
    const names = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const { name } = await fleet.admin(api.targets.create, {
          body: {
            name: `wide-${index}`,
            methods: [{ type: 'ssh', config: { host: '127.0.0.1' }, credential: 'key of host-1' }],
          },
        })
        return name
      }),
    )
    const { serial } = await fleet.addJob(['true'], { targets: ['host-1', 'host-2'] })
    expect((await plan(serial, { targets: names })).warnings).toEqual([])
    await fleet.ended(await start(serial))
    expect((await plan(serial, { targets: names })).warnings).toEqual([
      'This touches 12 targets; the last execution of this job touched at most 2.',
    ])
    expect((await plan(serial)).warnings).toEqual([])
  })

  test('a step uses what earlier ones gave: output, exit code, JSON; the plan says so, and history what it was', async () => {
    const { serial } = await fleet.addJob(
      [
        {
          id: 'build',
          type: 'ssh.script',
          script: `printf '{"version":"1.2 $x","tags":["a","b"]}\\n\\n'; echo noise >&2; exit 3`,
          onError: 'continue',
        },
        {
          id: 'text',
          type: 'ssh.exec',
          command: `printf '%s|' {{ steps.build.stdout }} {{ steps.build.stderr }} {{ steps.build.exitCode }}`,
        },
        {
          id: 'json',
          type: 'ssh.exec',
          command: `printf '%s|' '{{ steps.build.json.version }}' "{{ steps.build.json.tags | join: "+" }}" {{ steps.build.json.none | default: "none" }}`,
        },
      ],
      { targets: ['host-1'] },
    )
    const { branches } = await plan(serial)
    expect(branches[0]?.steps[1]).toMatchObject({
      command: `printf '%s|' ‹depends on the output of step build› ‹depends on the output of step build› ‹depends on the exit code of step build›`,
      dependsOn: ['steps.build.stdout', 'steps.build.stderr', 'steps.build.exitCode'],
    })
    const { uuid } = await fleet.ended(await start(serial))
    const output = await fleet.text(uuid)
    expect(output).toContain(`{"version":"1.2 $x","tags":["a","b"]}|noise|3|`)
    expect(output).toContain('1.2 $x|a+b|none|')
    expect(await commandOf(uuid, 2)).toBe(`printf '%s|' '1.2 $x' "a+b" none`)
  })

  test('of a step that was tried again, the output of the last try is used', async () => {
    const { serial } = await fleet.addJob(
      [
        {
          id: 'flaky',
          type: 'ssh.script',
          script: `cd ${folder}; echo "try $(( $(cat tries 2>/dev/null || echo 0) + 1 ))" | tee line; if test -f tries; then rm tries; exit 0; fi; echo 1 > tries; exit 1`,
          retries: 1,
          retryDelaySec: 0,
        },
        { id: 'use', type: 'ssh.exec', command: 'printf "<%s>" {{ steps.flaky.stdout }}' },
      ],
      { targets: ['host-2'] },
    )
    const { uuid, status } = await fleet.ended(await start(serial))
    expect([status, await fleet.text(uuid)]).toEqual(['completed', 'try 1\ntry 2\n<try 2>'])
  })

  test('an execution that goes on from a failed step uses the output of the one before it', async () => {
    const { serial } = await fleet.addJob(
      [
        { id: 'build', type: 'ssh.exec', command: 'echo built earlier' },
        {
          id: 'use',
          type: 'ssh.exec',
          command: `cd ${folder}; test -f built && printf "<%s>" {{ steps.build.stdout }} || { touch built; exit 1; }`,
        },
      ],
      { targets: ['host-1'] },
    )
    const first = await fleet.ended(await start(serial))
    const rerun = (ref: string) =>
      fleet.admin(api.executions.rerun, { params: { ref }, body: { from: 'failed' as const } })
    const { uuid, status } = await fleet.ended(await rerun(first.uuid))
    expect([first.status, status, await fleet.text(uuid)]).toEqual(['failed', 'completed', '<built earlier>'])
  })

  test('what cannot be used as a value ends the branch with the reason, and starts nothing', async () => {
    const cases: [script: string, command: string, reason: string][] = [
      ['head -c 1100000 /dev/zero | tr "\\0" x', 'echo {{ steps.give.stdout }}', 'longer than 1 MB'],
      ['echo {{ password }}', 'echo {{ steps.give.stdout }}', 'holds a secret'],
      ['printf "a\\000b"', 'echo {{ steps.give.stdout }}', 'NUL'],
      ['printf "\\377"', 'echo {{ steps.give.stdout }}', 'not text in UTF-8'],
      ['echo {}', 'echo {{ steps.give.json.a }}', 'there is no a in the JSON of the step give'],
    ]
    for (const [script, command, reason] of cases) {
      const { serial } = await fleet.addJob(
        [
          { id: 'give', type: 'ssh.script', script },
          { id: 'use', type: 'ssh.exec', command },
        ],
        { targets: ['host-1'], parameters: { password: { type: 'string', secret: true } } },
      )
      const { uuid, status } = await fleet.ended(await start(serial, { parameters: { password: 'a long secret' } }))
      expect([status, (await fleet.branches(uuid))[0]?.message]).toEqual(['failed', expect.stringContaining(reason)])
      expect((await fleet.steps(uuid)).map((step) => step.status)).toEqual(['completed', 'skipped'])
    }
  })

  test('what a filter makes of a secret is masked too', async () => {
    const { serial } = await fleet.addJob(['echo {{ password | upper }}; echo {{ password | json | base64 }}'], {
      targets: ['host-1'],
      parameters: { password: { type: 'string', secret: true } },
    })
    const { uuid } = await fleet.ended(await start(serial, { parameters: { password: 'correct horse' } }))
    expect(await fleet.text(uuid)).toBe('********\n********\n')
    expect(await commandOf(uuid, 0)).toBe('echo ********; echo ********')
  })

  test('names of the target, the job, the branch and the execution', async () => {
    const names = [
      'target.name',
      'target.port',
      'target.zone',
      'target.tags | join: ","',
      'job.serial',
      'job.version',
      'branch.number',
      'branch.batch',
      'execution.ref',
      'execution.number',
      'execution.requestedBy',
    ]
    const { serial } = await fleet.addJob([`printf '%s|' ${names.map((name) => `{{ ${name} }}`).join(' ')}`], {
      strategy: { batches: [1] },
    })
    const { branches } = await plan(serial)
    expect(branches[1]?.steps[0]?.dependsOn).toEqual(['execution.ref', 'execution.number'])
    const { uuid } = await fleet.ended(await start(serial))
    expect(await fleet.text(uuid, 2)).toBe(
      `host-2|${fleet.servers[1]?.port}|default||${serial}|1|002|2|${serial}.1|1|admin|`,
    )
  })
})
