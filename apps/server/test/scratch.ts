import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../src/kernel/database/index.ts'
import { quiet } from './quiet.ts'

/** A scratch cluster: nothing in it outlives the run, so waiting for the disk would prove nothing. */
const hasty = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }
/** The same for one that is killed: what is committed outlives its processes, though not the machine. */
const killable = { fsync: 'off' }

/** A PostgreSQL in a temporary folder, both gone after `stop()`. The URLs name a database that is there for housekeeping. */
export const startScratchServer = async ({ isToBeKilled = false } = {}) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'opsconductor-test-'))
  await chmod(dataDir, 0o711) // as root, PostgreSQL runs as another account that must come in
  const settings = isToBeKilled ? killable : hasty
  const postgres = await startEmbeddedPostgres({ dataDir, log: quiet, settings })
  return {
    ownerUrl: postgres.ownerUrl('postgres'),
    url: postgres.url('postgres'),
    /** Ends the server by a signal: SIGINT in order, SIGQUIT at once. It comes again by itself on the same port. */
    kill: async (signal: 'SIGINT' | 'SIGQUIT') => {
      const [pid] = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
      process.kill(Number(pid), signal)
    },
    stop: async () => {
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
