import { sshdAvailable } from '@opsconductor/transports/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../../../../test/fleet.ts'
import { until } from '../../../../test/until.ts'

/** As long as it stands, no branch can be taken: the database fails in the middle of it. */
const barrier = {
  raise: `
    create function automation.refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no branch may be taken just now'; end $$;
    create trigger refuse before update on automation.branches
      for each row when (old.status = 'queued' and new.status = 'running') execute function automation.refuse()`,
  lower: 'drop trigger refuse on automation.branches; drop function automation.refuse()',
}

describe.skipIf(!sshdAvailable('branches that nobody could take'))('branches that nobody could take', () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await startFleet()
  })
  afterAll(() => fleet?.[Symbol.asyncDispose]())

  /** Deliveries that ended badly are kept by the queue, to be looked at. */
  const badDeliveries = async () => {
    const [row] = await fleet.database.asOwner(`select count(*)::int as count from pgboss.job where state = 'failed'`)
    return (row as { count: number }).count
  }

  test('come again when the database failed while an executor took one', async () => {
    await fleet.database.asOwner(barrier.raise)
    const started = await fleet.start(['echo here at last'])
    await until(async () => (await badDeliveries()) > 0)
    await fleet.database.asOwner(barrier.lower)
    expect(await fleet.ended(started)).toMatchObject({ status: 'completed' })
    expect(await fleet.text(started.uuid)).toBe('here at last\n')
  })
})
