import { Permission } from '@opsconductor/contract'
import type { Kysely } from 'kysely'
import { afterCommit, type Context } from '../src/kernel/context.ts'
import type { DB } from '../src/kernel/database/index.ts'
import { newUuid } from '../src/kernel/identifiers.ts'
import type { Queue, TaskData } from '../src/kernel/queue/queue.ts'
import type { Wake } from '../src/kernel/wake/wake.ts'
import { quiet } from './quiet.ts'

const neverAborted = new AbortController().signal

/** Somebody asks; they may do everything unless told otherwise. */
export const contextOf = (
  { kysely }: { kysely: Kysely<DB> },
  {
    permissions = Permission.options,
    name = 'tester',
    signal = neverAborted,
  }: { permissions?: readonly Permission[]; name?: string; signal?: AbortSignal } = {},
): Context => ({
  actor: { kind: 'user', uuid: newUuid(), name, permissions: new Set(permissions), session: null },
  requestId: 'test',
  address: null,
  db: kysely,
  log: quiet,
  signal,
  afterCommit: null,
})

export type Delivery = { queue: string; data: TaskData }

/** A queue that hands each task to `deliver` once its transaction is committed. */
export const queueInto = (deliver: (delivery: Delivery) => void): Queue => ({
  ensure: async () => {},
  takeDeadLetters: async () => {},
  enqueue: async (ctx, queue, tasks) =>
    afterCommit(ctx, () => {
      for (const data of tasks) deliver({ queue, data })
    }),
})

/** Wakes within this process, and remembers what was announced. */
export const wakeHere = (): Wake & { readonly announced: string[] } => {
  const announced: string[] = []
  const hearers = new Map<string, Set<() => void>>()
  return {
    announced,
    announce: (topic) => {
      announced.push(topic)
      for (const heard of hearers.get(topic) ?? []) heard()
    },
    hear: (topic, heard) => {
      const set = hearers.get(topic) ?? new Set()
      hearers.set(topic, set.add(heard))
      return () => set.delete(heard)
    },
    close: async () => {},
  }
}
