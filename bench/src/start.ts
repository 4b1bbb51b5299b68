import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printHead, printTimes } from './figures.ts'
import { sayGoal } from './report/goal.ts'
import { median } from './report/median.ts'
import { rounds } from './report/turns.ts'
import { startServer } from './server-process.ts'

/** From the start of the program to the first answer to somebody who logs in: with an empty data folder, and again. */
export const measureStart = async (): Promise<void> => {
  const first: number[] = []
  const again: number[] = []
  for (let round = 0; round < rounds; round++) {
    const folder = await mkdtemp(join(tmpdir(), 'opsconductor-start-'))
    await chmod(folder, 0o711) // as root, PostgreSQL runs as another account that must come in
    try {
      first.push(await startAndStop(folder))
      again.push(await startAndStop(folder))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  printHead('start, until somebody is logged in, milliseconds')
  printTimes('the first: PostgreSQL and all tables are made', first)
  printTimes('the second', again)
  sayGoal({ what: 'the second start', value: median(again) / 1_000, atMost: 5, unit: ' s' })
}

const startAndStop = async (folder: string): Promise<number> => {
  const startedAt = performance.now()
  await using _server = await startServer({ DATA_DIR: folder })
  return performance.now() - startedAt
}
