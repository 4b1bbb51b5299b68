import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../src/kernel/database/index.ts'
import { quiet } from './quiet.ts'

/** A PostgreSQL in a temporary folder, both gone after `stop()`. The URLs name a database that is there for housekeeping. */
export const startScratchServer = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'opsconductor-test-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL runs as another account that must come in
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: quiet,
    // a scratch cluster: nothing in it outlives the run, so waiting for the disk would prove nothing
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
  })
  return {
    ownerUrl: postgres.ownerUrl('postgres'),
    url: postgres.url('postgres'),
    stop: async () => {
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
