import { api, type JobDocumentInput } from '@opsconductor/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../../../../test/app.ts'
import { type Client, refusal, refusalCode } from '../../../../test/client.ts'

let app: TestApp
let jobNumber = 0
beforeAll(async () => {
  app = await startApp({ services: ['gateway'] })
  await app.admin(api.targets.create, {
    body: { name: 'web-1', methods: [{ type: 'ssh', config: { host: '192.0.2.1' } }] },
  })
})
afterAll(() => app?.[Symbol.asyncDispose]())

const documentOf = (more: Partial<JobDocumentInput> = {}): JobDocumentInput => ({
  name: `job ${++jobNumber}`,
  targets: ['web-1'],
  steps: [{ type: 'ssh.exec', command: 'uptime' }],
  ...more,
})
const create = (more: Partial<JobDocumentInput> = {}, as: Client = app.admin) =>
  as(api.jobs.create, { body: documentOf(more) })
const replace = (ref: string, body: JobDocumentInput, headers: Record<string, string> = {}, as: Client = app.admin) =>
  as(api.jobs.replace, { params: { ref }, body }, { headers })
const command = (text: string): Partial<JobDocumentInput> => ({ steps: [{ type: 'ssh.exec', command: text }] })
const auditLines = async (action: string) =>
  (await app.admin(api.audit.list, { query: { action } })).items.map(({ details }) => details)

describe('versions', () => {
  test('a job begins with version 1, a serial of its year, and revision 1', async () => {
    const job = await create({ description: 'Looks', folder: 'web', tags: ['a', 'b'] })
    expect(job).toMatchObject({ version: 1, revision: 1, state: 'draft', isEnabled: true, stepCount: 1, folder: 'web' })
    expect(job.serial).toBe(`JOB-${new Date().getUTCFullYear()}-${job.serial.slice(-6)}`)
    expect(await app.admin(api.jobs.read, { params: { ref: job.serial.toLowerCase() } })).toEqual(job)
  })

  test('a changed document is the next version; the former ones stay as they were', async () => {
    const first = await create()
    const second = await replace(first.uuid, { ...first.document, ...command('uptime -p') })
    expect([second.version, second.revision, second.document.version]).toEqual([2, 2, 2])
    const { items } = await app.admin(api.jobs.versions, { params: { ref: first.uuid }, query: {} })
    expect(items.map(({ version, document }) => [version, document])).toEqual([
      [2, second.document],
      [1, first.document],
    ])
    const params = { ref: first.serial, version: 1 }
    expect((await app.admin(api.jobs.version, { params })).document).toEqual(first.document)
    expect(await refusalCode(app.admin(api.jobs.version, { params: { ...params, version: 3 } }))).toBe('not_found')
  })

  test('a document with the same content makes no version, in whatever order its keys are', async () => {
    const job = await create({ parameters: { a: '1', b: { type: 'number', default: 2 } } })
    const lines = (await auditLines('jobs.replace')).length
    const { version, ...document } = job.document
    const turned = Object.fromEntries(Object.entries(document).toReversed()) as JobDocumentInput
    expect(await replace(job.uuid, { ...turned, version: 77 })).toEqual(job)
    expect(version).toBe(1)
    expect(await auditLines('jobs.replace')).toHaveLength(lines)
    // the order of the steps is content
    const two = await create({
      steps: [
        { type: 'ssh.exec', command: 'a' },
        { type: 'ssh.exec', command: 'b' },
      ],
    })
    expect((await replace(two.uuid, { ...two.document, steps: two.document.steps.toReversed() })).version).toBe(2)
  })

  test('going back to an earlier document is a version of its own', async () => {
    const job = await create()
    await replace(job.uuid, { ...job.document, ...command('id') })
    expect((await replace(job.uuid, job.document)).version).toBe(3)
  })

  test('two changes at once become two versions', async () => {
    const job = await create()
    const changes = await Promise.all(
      ['a', 'b', 'c'].map((text) => replace(job.uuid, { ...job.document, ...command(text) })),
    )
    expect(changes.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([2, 3, 4])
  })

  test('a version never changes, not even in the database', async () => {
    const { uuid } = await create()
    await expect(
      app.database.asOwner(
        `update automation.job_versions set checksum = 'x' where job_id = (select id from automation.jobs where uuid = '${uuid}')`,
      ),
    ).rejects.toThrow(/append-only|history|refuse|change/i)
  })
})

describe('changes of somebody else', () => {
  test('a revision that is not the current one is refused, and names the current one', async () => {
    const job = await create()
    const changed = await replace(job.uuid, { ...job.document, ...command('a') }, { 'if-match': '"1"' })
    const stale = await refusal(replace(job.uuid, { ...job.document, ...command('b') }, { 'if-match': '"1"' }))
    expect([stale.status, stale.code]).toEqual([412, 'changed_meanwhile'])
    expect(stale.detail).toContain('revision 2')
    expect((await replace(job.uuid, { ...job.document, ...command('b') }, { 'if-match': '2' })).version).toBe(3)
    const disable = (revision: string) =>
      app.admin(
        api.jobs.update,
        { params: { ref: job.uuid }, body: { isEnabled: false } },
        { headers: { 'if-match': revision } },
      )
    expect(await refusalCode(disable(String(changed.revision)))).toBe('changed_meanwhile')
    expect(await disable('3')).toMatchObject({ isEnabled: false, revision: 4, version: 3 })
  })
})

test('a job that is enabled already is not enabled again', async () => {
  const { serial: ref, revision } = await create()
  const lines = await auditLines('jobs.update')
  expect(await app.admin(api.jobs.update, { params: { ref }, body: { isEnabled: true } })).toMatchObject({ revision })
  expect(await auditLines('jobs.update')).toEqual(lines)
})

describe('archive', () => {
  test('an archived job keeps its versions, gives its name away, and takes no change', async () => {
    const job = await create()
    const archived = await app.admin(api.jobs.archive, { params: { ref: job.serial } })
    expect(archived).toMatchObject({ state: 'archived', archivedAt: expect.any(String) })
    // again, it changes nothing
    expect(await app.admin(api.jobs.delete, { params: { ref: job.serial } })).toEqual(archived)
    expect(await refusalCode(replace(job.uuid, { ...job.document, ...command('id') }))).toBe('conflict')
    const query = { q: job.name, limit: 1 }
    expect((await app.admin(api.jobs.list, { query })).items).toEqual([])
    expect((await app.admin(api.jobs.list, { query: { ...query, archived: 'true' as const } })).items).toHaveLength(1)

    const heir = await create({ name: job.name.toUpperCase() })
    const restore = () => app.admin(api.jobs.restore, { params: { ref: job.uuid } })
    expect(await refusalCode(restore())).toBe('name_taken')
    await app.admin(api.jobs.archive, { params: { ref: heir.uuid } })
    expect(await restore()).toMatchObject({ state: 'draft', archivedAt: null, version: 1 })
  })

  test('two jobs in use do not have one name, whatever its letters', async () => {
    const job = await create()
    expect(await refusalCode(create({ name: job.name.toUpperCase() }))).toBe('name_taken')
    const other = await create()
    expect(await refusalCode(replace(other.uuid, { ...other.document, name: job.name }))).toBe('name_taken')
  })

  test('archiving needs its permission', async () => {
    const job = await create()
    const operator = await app.as('operator')
    expect(await refusalCode(operator(api.jobs.archive, { params: { ref: job.uuid } }))).toBe('forbidden')
    expect(await refusalCode(create({}, operator))).toBe('forbidden')
    expect(await refusalCode(replace(job.uuid, job.document, {}, operator))).toBe('forbidden')
  })
})

describe('values without quotes', () => {
  const raw = { parameters: { flags: '-l', name: 'x' }, ...command('ls {{ flags | raw }} {{ name }}') }

  test('saving them needs jobs.raw, and says so in the audit trail', async () => {
    const manager = await app.as('manager') // who may write jobs, but not these
    expect(await refusalCode(create(raw, manager))).toBe('forbidden')
    const plain = await create({}, manager)
    expect(await refusalCode(replace(plain.uuid, { ...plain.document, ...raw }, {}, manager))).toBe('forbidden')
    const job = await create(raw)
    expect((await auditLines('jobs.create'))[0]).toMatchObject({ serial: job.serial, unquotedValues: ['flags'] })
    await replace(job.uuid, { ...job.document, ...command('ls {{ flags | upper | raw }}') })
    expect((await auditLines('jobs.replace'))[0]).toMatchObject({ version: 2, unquotedValues: ['flags'] })
  })

  test('a value of one’s own for them needs it too, to plan and to start; the author’s value does not', async () => {
    const { serial } = await create(raw)
    const operator = await app.as('operator')
    const ask = (parameters: Record<string, string>, as: Client) => ({
      plan: () => as(api.jobs.plan, { params: { ref: serial }, body: { parameters } }),
      start: () => as(api.executions.start, { params: { ref: serial }, body: { parameters } }),
    })
    const own = ask({ flags: '; rm -rf /' }, operator)
    expect(await refusalCode(own.plan())).toBe('forbidden')
    expect(await refusalCode(own.start())).toBe('forbidden')
    const authors = ask({ flags: '-l', name: '; rm -rf /' }, operator)
    expect((await authors.plan()).branches[0]?.steps[0]?.command).toBe(`ls -l '; rm -rf /'`)
    const { ref } = await authors.start()
    expect((await auditLines('executions.start'))[0]).toMatchObject({ unquotedValues: ['flags'] })
    const developer = await app.as('developer')
    expect((await ask({ flags: '-a' }, developer).plan()).branches).toHaveLength(1)
    expect(ref).toBe(`${serial}.1`)
  })
})

describe('documents that cannot run', () => {
  test.each<[what: string, more: Partial<JobDocumentInput>, path: string, message: string]>([
    ['an unknown name', command('echo {{ nothing }}'), 'steps.0.command', 'neither a parameter of this job'],
    ['an unknown field of the target', command('echo {{ target.colour }}'), 'steps.0.command', 'not known of targets'],
    ['a step that comes later', command('echo {{ steps.later.stdout }}'), 'steps.0.command', 'does not come before'],
    [
      'something else of a step',
      {
        steps: [
          { id: 'a', type: 'ssh.exec', command: 'x' },
          { type: 'ssh.exec', command: '{{ steps.a.colour }}' },
        ],
      },
      'steps.1.command',
      'must name stdout, stderr, exitCode or json',
    ],
    [
      'an unknown filter',
      { parameters: { a: 'x' }, ...command('echo {{ a | shout }}') },
      'steps.0.command',
      'no filter "shout"',
    ],
    [
      'a value in backticks',
      { parameters: { a: 'x' }, ...command('`{{ a }}`') },
      'steps.0.command',
      'line 1, column 2',
    ],
    ['a NUL', command('a\0b'), 'steps.0.command', 'NUL'],
    [
      'a default that does not fit',
      { parameters: { a: { type: 'string', pattern: '[a-z]', default: '5' } } },
      'parameters.a.default',
      'does not match',
    ],
    [
      'a broken pattern',
      { parameters: { a: { type: 'string', pattern: '[' } } },
      'parameters.a.pattern',
      'not a regular expression',
    ],
  ])('%s is refused with its place', async (_what, more, path, message) => {
    const { code, fields } = await refusal(create(more))
    expect([code, fields?.[0]]).toEqual(['invalid', { path, message: expect.stringContaining(message) }])
  })

  test('what is dangerous in a document that can run is said with it', async () => {
    const { warnings } = await create({
      parameters: { token: { type: 'string', secret: true }, unused: 'x', host: 'web-2' },
      steps: [
        { type: 'ssh.exec', command: 'curl -u {{ token | base64 }} https://example.org' },
        { type: 'ssh.exec', command: 'ssh {{ host }} "uptime {{ host }}"', mode: 'detached' },
      ],
    })
    expect(warnings).toEqual([
      expect.stringMatching(/^Step 1: the secret .* among the arguments of curl/),
      expect.stringMatching(/^Step 2: .* a text that ssh reads/),
      'The parameter unused is not used in any step.',
    ])
  })

  test('names that only look like those of every object are not known', async () => {
    for (const name of ['constructor', '__proto__', 'toString', 'job.constructor', 'constructor.name'])
      expect(await refusalCode(create(command(`echo {{ ${name} }}`)))).toBe('invalid')
  })

  test('a name in a default is a name like any other', async () => {
    expect(await refusalCode(create(command('echo {{ target.attributes.rack | default: nothing }}')))).toBe('invalid')
    const job = await create({
      parameters: { rack: 'none' },
      ...command('echo {{ target.attributes.rack | default: rack }}'),
    })
    expect(job.warnings).toEqual([])
    const { branches } = await app.admin(api.jobs.plan, { params: { ref: job.uuid }, body: {} })
    expect(branches[0]?.steps[0]?.command).toBe('echo none')
  })
})
