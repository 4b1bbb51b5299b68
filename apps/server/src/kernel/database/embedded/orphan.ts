import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Identity, identify, isAlive } from './identity.ts'
import { isMissing } from './missing.ts'

/** A server that runs on the cluster though whoever started it is gone. */
export type Orphan = Identity & { readonly port: number }

/**
 * Finds the live server of a cluster through its postmaster.pid, which is only ever read: PostgreSQL alone removes it.
 * Lines: pid, data folder, start time, port, … (PostgreSQL's src/include/utils/pidfile.h).
 */
export const findOrphan = async (cluster: string): Promise<Orphan | undefined> => {
  try {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')
    const pid = Number(lines[0])
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
    const identity = await identify(pid)
    if (!(await isAlive(identity)) || !(await worksOn(pid, cluster))) return undefined
    return { ...identity, port: Number(lines[3]) }
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The number in a stale file may belong to another program by now. A server's working folder is its cluster. */
const worksOn = async (pid: number, cluster: string): Promise<boolean> => {
  if (process.platform !== 'linux') return true // connecting tells
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === cluster
  } catch {
    return false // not a process we may look at, so not one we started
  }
}

/** Fast shutdown; returns when the process is gone. */
export const stopOrphan = async (orphan: Orphan): Promise<void> => {
  if (await isAlive(orphan)) process.kill(orphan.pid, 'SIGINT')
  await untilGone(orphan)
}

const watchMs = 200

/** Resolves when it has ended. To watch it is no reason to go on living. */
export const endOfOrphan = async (orphan: Orphan): Promise<string> => {
  while (await isAlive(orphan)) await sleep(watchMs, undefined, { ref: false })
  return 'the process is gone'
}

const untilGone = async (orphan: Orphan): Promise<void> => {
  while (await isAlive(orphan)) await sleep(20)
}
