import type { ServiceProcess } from '../service-process.ts'
import { until } from '../until.ts'
import type { World } from './world.ts'

export const between = (low: number, high: number) => low + Math.random() * (high - low)
export const oneOf = <T>(things: readonly T[]): T => {
  const thing = things[Math.floor(Math.random() * things.length)]
  if (thing === undefined) throw new Error('nothing to choose from')
  return thing
}
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export type Fault = {
  name: string
  /** How often it is chosen, beside the others. */
  weight: number
  /** Breaks it, and waits until it is whole again. @returns false when there was nothing to break just now */
  act: () => Promise<boolean>
}

/** What can go wrong. Several may at once, each with something else. */
export const faultsOf = (world: World): readonly Fault[] => {
  const { processes, lines, server, fleet, postgres, restart } = world
  const inUse = new Set<unknown>()

  /** Has one of them to itself: what another fault has is left alone. */
  const withFree = async <T>(things: readonly T[], act: (one: T) => Promise<void>): Promise<boolean> => {
    const free = things.filter((one) => !inUse.has(one))
    if (free.length === 0) return false
    const one = oneOf(free)
    inUse.add(one)
    try {
      await act(one)
    } finally {
      inUse.delete(one)
    }
    return true
  }
  const killOne = (service: 'executor' | 'scheduler') => () =>
    withFree(processes[service], async (one: ServiceProcess) => {
      one.kill('SIGKILL')
      await one[Symbol.asyncDispose]()
      const next = await restart(service)
      processes[service] = processes[service].map((process) => (process === one ? next : process))
    })
  // shorter and longer than the lease: that is the point
  const stopOne = (service: 'executor' | 'scheduler') => () =>
    withFree(processes[service], async (one: ServiceProcess) => {
      one.kill('SIGSTOP')
      await pause(between(200, 6_000))
      one.kill('SIGCONT')
    })

  const isDatabaseThere = () =>
    fleet.database.asOwner('select 1').then(
      () => true,
      () => false,
    )
  const restartDatabase = (signal: 'SIGINT' | 'SIGQUIT') => () =>
    withFree([postgres], async () => {
      await postgres.kill(signal)
      await until(isDatabaseThere, 120_000)
    })
  const cutDatabase = () =>
    withFree([postgres], async () => {
      await fleet.database.asOwner(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5`,
      )
    })
  const done = async (act: () => void) => {
    act()
    return true
  }

  return [
    { name: 'executor killed', weight: 5, act: killOne('executor') },
    { name: 'executor paused', weight: 5, act: stopOne('executor') },
    { name: 'scheduler killed', weight: 2, act: killOne('scheduler') },
    { name: 'scheduler paused', weight: 2, act: stopOne('scheduler') },
    { name: 'line closed', weight: 3, act: () => done(() => oneOf(lines).cut()) },
    { name: 'line silent', weight: 3, act: () => done(() => oneOf(lines).silence()) },
    { name: 'sshd’s sessions killed', weight: 3, act: () => done(() => server.dropConnections()) },
    { name: 'database connections cut', weight: 4, act: cutDatabase },
    { name: 'PostgreSQL restarted', weight: 2, act: restartDatabase('SIGINT') },
    { name: 'PostgreSQL killed', weight: 2, act: restartDatabase('SIGQUIT') },
  ]
}
