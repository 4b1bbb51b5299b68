import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceName } from '@opsconductor/contract'
import { startSlowLink } from '@opsconductor/transports/testing'
import { cloneFrom } from '../database.ts'
import { addTarget, startFleet } from '../fleet.ts'
import { startScratchServer } from '../scratch.ts'
import { type ServiceProcess, StartHangs, startServiceProcess } from '../service-process.ts'
import { createTemplate } from '../template.ts'

const links = 4
const targetsPerLink = 2

/** Waits are shortened, so that much can go wrong in a short time. */
const settings = { LEASE_SEC: '4', UNREACHABLE_SEC: '60', SSH_KEEPALIVE_SEC: '1' }

/**
 * What a site has: a PostgreSQL, two executors and two schedulers as processes of their own, a gateway, and targets behind
 * lines that may fail; all of it to be killed. The gateway is in this process.
 */
export const startWorld = async () => {
  const postgres = await startScratchServer({ isToBeKilled: true })
  const database = await cloneFrom(await createTemplate(postgres))
  const fleet = await startFleet({ services: ['gateway'], settings, database })
  const [server] = fleet.servers
  if (server === undefined) throw new Error('no server')
  const lines = await Promise.all(Array.from({ length: links }, () => startSlowLink(server, 0)))
  const names = Array.from({ length: links * targetsPerLink }, (_, index) => `chaos-${index + 1}`)
  for (const [index, name] of names.entries())
    await addTarget(fleet.app, name, { ...server, ...lines[index % links]?.address })

  /** The database may be away just now; whoever watches over the services of a site starts them again. */
  const start = async (service: ServiceName): Promise<ServiceProcess> => {
    for (let tries = 1; ; tries++) {
      try {
        return await startServiceProcess(fleet.app, service, settings)
      } catch (error) {
        if (isOver || tries === 20 || error instanceof StartHangs) throw error
      }
    }
  }
  let isOver = false
  const processes: Record<'executor' | 'scheduler', ServiceProcess[]> = {
    executor: [await start('executor'), await start('executor')],
    scheduler: [await start('scheduler'), await start('scheduler')],
  }

  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-chaos-'))
  const counter = join(folder, 'counter')
  return {
    fleet,
    postgres,
    server,
    lines,
    names,
    processes,
    /** A dead process is followed by a new one. */
    restart: start,
    counter,
    /** What the commands noted of their starts, in the order in which it happened. */
    starts: (): string[] => (existsSync(counter) ? readFileSync(counter, 'utf8').split('\n').filter(Boolean) : []),
    [Symbol.asyncDispose]: async () => {
      isOver = true
      for (const process of Object.values(processes).flat()) await process[Symbol.asyncDispose]()
      await Promise.all(lines.map((line) => line[Symbol.asyncDispose]()))
      await fleet[Symbol.asyncDispose]()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>
