import { expect, test } from 'vitest'
import { startApp } from '../../test/app.ts'
import { startExecutorProcess } from '../../test/service-process.ts'

test('an executor that cannot start ends, so that whoever watches over it starts it again', async () => {
  await using app = await startApp({ services: [] })
  await app.database.asOwner(`
    create function pgboss.refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no queue may be made just now'; end $$;
    create trigger refuse before insert on pgboss.queue for each row execute function pgboss.refuse()`)
  await expect(startExecutorProcess(app)).rejects.toThrow(/ended with 1.*no queue may be made just now/s)
})
