import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { api, type ResolveRequest } from '@opsconductor/contract'
import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal } from '../../../../test/client.ts'
import { addTarget, type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'
import { startWay } from '../../../../test/way.ts'

describe.skipIf(!sshdAvailable('lost branches'))('lost branches', () => {
  let fleet: Fleet
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-lost-branch-'))
  let files = 0
  beforeAll(async () => {
    fleet = await startFleet({ settings: { UNREACHABLE_SEC: '1' } })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const branchOf = async (ref: string) => (await fleet.branches(ref))[0]
  const statuses = async (ref: string) =>
    (await fleet.steps(ref)).map(({ index, attempt, status }) => `${index}.${attempt} ${status}`)

  /** An execution whose first step has run and is gone, without anybody knowing how it ended. */
  const loseOne = async () => {
    const counter = join(folder, `counter-${++files}`)
    const pid = join(folder, `pid-${files}`)
    const command = `echo x >> ${counter}; echo $$ > ${pid}; echo begun; [ $(wc -l < ${counter}) -gt 1 ] || sleep 30`
    const started = await fleet.start([{ type: 'ssh.exec', command, mode: 'attached' }, 'echo next'])
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n' && existsSync(pid))
    fleet.servers[0]?.dropConnections()
    process.kill(-Number(readFileSync(pid, 'utf8')), 'SIGKILL')
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    expect(await fleet.read(started.uuid)).toMatchObject({ status: 'running', needsAttention: true })
    return { uuid: started.uuid, starts: () => readFileSync(counter, 'utf8').split('\n').length - 1 }
  }
  const resolve = (uuid: string, body: ResolveRequest, by = fleet.admin) =>
    by(api.branches.resolve, { params: { ref: uuid, number: 1 }, body })

  test('somebody says that the step has run: the branch goes on behind it', async () => {
    const { uuid, starts } = await loseOne()
    await resolve(uuid, { as: 'completed', note: 'I looked' })
    expect(await fleet.ended({ uuid })).toMatchObject({ status: 'completed', needsAttention: false })
    expect(await statuses(uuid)).toEqual(['0.1 completed', '1.1 completed'])
    expect(starts()).toBe(1)
    expect((await fleet.steps(uuid))[0]?.message).toContain('admin says that step 1')
    const line = (await fleet.auditLines()).at(-1)
    expect(line).toMatchObject({
      action: 'branches.resolve',
      details: { as: 'completed', note: 'I looked', branch: 1 },
    })
  })

  test('somebody has the step run again', async () => {
    const { uuid, starts } = await loseOne()
    await resolve(uuid, { as: 'again' })
    expect((await fleet.ended({ uuid })).status).toBe('completed')
    expect(await statuses(uuid)).toEqual(['0.1 unknown', '0.2 completed', '1.1 completed'])
    expect(starts()).toBe(2)
  })

  test('what the lost try sent, and what never came, cannot begin any more once the step is run again', async () => {
    const { uuid } = await loseOne()
    const [branch] = (await fleet.database.asOwner(
      `select branch.uuid from automation.branches as branch join automation.executions as execution
       on execution.id = branch.execution_id where execution.uuid = '${uuid}'`,
    )) as { uuid: string }[]
    const guard = join(homedir(), '.opsconductor', 'steps', `${branch?.uuid}-0-1`)
    for (const path of [guard, `${guard}.once`]) rmSync(path, { recursive: true, force: true }) // as if it had never come
    await resolve(uuid, { as: 'again' })
    expect((await fleet.ended({ uuid })).status).toBe('completed')
    expect(readFileSync(guard, 'utf8')).toMatch(/^burnt/)
  })

  test('somebody gives the branch up', async () => {
    const { uuid } = await loseOne()
    expect(await resolve(uuid, { as: 'failed' })).toMatchObject({ status: 'failed' })
    expect(await fleet.ended({ uuid })).toMatchObject({ status: 'failed', needsAttention: false })
    expect(await statuses(uuid)).toEqual(['0.1 failed', '1.1 skipped'])
  })

  test('only who may, and only of what is lost', async () => {
    const { uuid } = await loseOne()
    expect(await refusal(resolve(uuid, { as: 'completed' }, await fleet.app.as('viewer')))).toMatchObject({
      status: 403,
    })
    await resolve(uuid, { as: 'failed' })
    expect(await refusal(resolve(uuid, { as: 'again' }))).toMatchObject({ status: 409 })
  })

  test('a target that answers again tells by itself what became of the step', async () => {
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    const way = await startWay(server)
    await addTarget(fleet.app, 'away', { ...server, ...way })
    const flag = join(folder, 'flag')
    const command = `echo begun; until [ -e ${flag} ]; do sleep 0.05; done; echo end; exit 5`
    const started = await fleet.start([{ type: 'ssh.exec', command, mode: 'detached' }], { targets: ['away'] })
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    await way.close()
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    writeFileSync(flag, '')
    await way.open()
    const { rows } = await fleet.database.pool.query(
      `update automation.branches set ask_again_at = now() where status = 'lost' and ask_again_at > now() returning id`,
    )
    expect(rows).toHaveLength(1)
    expect(await fleet.ended(started)).toMatchObject({ status: 'failed', needsAttention: false })
    expect((await fleet.steps(started.uuid))[0]).toMatchObject({ status: 'failed', exitCode: 5 })
    expect(await fleet.text(started.uuid)).toBe('begun\nend\n')
    await way.close()
  })

  test('a target that may have forgotten the step does not tell that it never began', async () => {
    const [server] = fleet.servers
    if (server === undefined) throw new Error('no server')
    const way = await startWay(server)
    await addTarget(fleet.app, 'forgetful', { ...server, ...way })
    const [counter, flag] = [join(folder, 'counter-forgotten'), join(folder, 'flag-forgotten')]
    const command = `echo x >> ${counter}; echo begun; until [ -e ${flag} ]; do sleep 0.05; done`
    const started = await fleet.start([{ type: 'ssh.exec', command, mode: 'detached' }], { targets: ['forgetful'] })
    await until(async () => (await fleet.text(started.uuid)) === 'begun\n')
    await way.close()
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    // so it would be a week later
    const [branch] = (await fleet.database.asOwner(
      `update automation.step_results as step set started_at = now() - interval '7 days'
       from automation.branches as branch join automation.executions as execution on execution.id = branch.execution_id
       where branch.id = step.branch_id and execution.uuid = '${started.uuid}' returning branch.uuid`,
    )) as { uuid: string }[]
    writeFileSync(flag, '')
    const guards = join(homedir(), '.opsconductor', 'steps')
    const notes = readdirSync(guards).filter((name) => name.startsWith(`${branch?.uuid}-0-1`))
    expect(notes).not.toHaveLength(0)
    for (const name of notes) rmSync(join(guards, name), { recursive: true, force: true })
    await way.open()
    await fleet.database.pool.query(
      `update automation.branches set ask_again_at = now() where status = 'lost' and ask_again_at > now()`,
    )
    await until(async () => (await fleet.steps(started.uuid))[0]?.message?.includes('more than 6 days ago') === true)
    await until(async () => (await branchOf(started.uuid))?.status === 'lost')
    expect(await statuses(started.uuid)).toEqual(['0.1 unknown'])
    expect(readFileSync(counter, 'utf8')).toBe('x\n')
    // it is not asked for again: a person decides
    const { rows } = await fleet.database.pool.query(
      `select ask_again_at from automation.branches where uuid = $1 and ask_again_at is not null`,
      [branch?.uuid],
    )
    expect(rows).toEqual([])
    await resolve(started.uuid, { as: 'failed' })
    await way.close()
  })
})
