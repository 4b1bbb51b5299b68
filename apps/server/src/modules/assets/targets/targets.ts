import {
  type api,
  type NewTarget,
  type Page,
  type RouteInput,
  type Target,
  type TargetChange,
  TargetSerial,
} from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { type Place, pageOf, readCursor } from '../../../kernel/cursor.ts'
import { invalid, Refusal, violatedConstraint } from '../../../kernel/errors.ts'
import { asSerial, isUuid, newUuid } from '../../../kernel/identifiers.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { refuseChanged } from '../revision.ts'
import { findTarget, targetSubject } from './find-target.ts'
import { refuseLeavingZone } from './method-guards.ts'
import { replaceMethods } from './methods.ts'
import { changesOf, describeChange, describeMethod } from './target-change.ts'
import * as store from './targets.store.ts'

type ListQuery = RouteInput<typeof api.targets.list>['query']

export const createTargets = ({ wake }: { wake: Wake }) => {
  /** One change of one target: found and locked, changed, written down, announced. */
  const change = (
    ctx: Context,
    { ref, ifRevision, action }: { ref: string; ifRevision: number | null; action: string },
    work: (ctx: Context, row: store.TargetRow) => Promise<void | 'unchanged'>,
  ): Promise<Target> =>
    transaction(ctx, async (ctx) => {
      const before = await findTarget(ctx, ref, true)
      refuseChanged(before, ifRevision)
      if ((await unlessTaken(() => work(ctx, before))) === 'unchanged') return store.toTarget(before)
      const after = await store.findTargetById(ctx.db, before.id)
      await audit(ctx, action, targetSubject(after), describeChange(store.toTarget(before), store.toTarget(after)))
      afterCommit(ctx, () => wake.announce(topics.list('targets')))
      return store.toTarget(after)
    })

  const update = (
    ctx: Context,
    { ref, ifRevision, action }: { ref: string; ifRevision: number | null; action: string },
    { methods, ...fields }: TargetChange,
  ) => {
    refuseReserved(fields.name)
    return change(ctx, { ref, ifRevision, action }, async (ctx, row) => {
      if (row.archivedAt !== null)
        throw new Refusal('conflict', `The target "${row.name}" is archived. Restore it first.`)
      const changes = changesOf(store.toTarget(row), given(fields))
      if (methods === undefined && Object.keys(changes).length === 0) return 'unchanged'
      const zone = fields.zone ?? row.zone
      if (zone !== row.zone) refuseLeavingZone(ctx, row.methods)
      if (methods !== undefined) await replaceMethods(ctx, { ...row, zone }, methods)
      await store.updateTarget(ctx.db, row.id, changes)
      return undefined
    })
  }

  return {
    list: async (ctx: Context, query: ListQuery): Promise<Page<Target>> => {
      permit(ctx, 'targets.read')
      const { limit, cursor, sort, ...filter } = query
      const after = placeIn(sort, cursor)
      const rows = await store.selectTargets(
        ctx.db,
        { ...filter, archived: filter.archived ?? false },
        sort,
        after,
        limit + 1,
      )
      return pageOf(rows, limit, (row) => ({ key: store.sortKey(row, sort), id: row.id }), store.toTarget)
    },

    tags: async (ctx: Context, { q, limit }: { q?: string | undefined; limit: number }) => {
      permit(ctx, 'targets.read')
      return { items: await store.selectTags(ctx.db, q, limit) }
    },

    read: async (ctx: Context, ref: string): Promise<Target> => {
      permit(ctx, 'targets.read')
      return store.toTarget(await findTarget(ctx, ref))
    },

    create: async (ctx: Context, { methods, ...fields }: NewTarget): Promise<Target> => {
      permit(ctx, 'targets.create')
      refuseReserved(fields.name)
      return transaction(ctx, async (ctx) => {
        const uuid = newUuid()
        const id = await unlessTaken(() => store.insertTarget(ctx.db, { ...blank, ...given(fields), uuid }))
        await replaceMethods(ctx, { id, uuid, name: fields.name, zone: fields.zone, methods: [] }, methods)
        const row = await store.findTargetById(ctx.db, id)
        await audit(ctx, 'targets.create', targetSubject(row), {
          serial: row.serial,
          methods: store.toTarget(row).methods.map(describeMethod),
        })
        afterCommit(ctx, () => wake.announce(topics.list('targets')))
        return store.toTarget(row)
      })
    },

    update: async (ctx: Context, ref: string, input: TargetChange, ifRevision: number | null): Promise<Target> => {
      permit(ctx, 'targets.update')
      return update(ctx, { ref, ifRevision, action: 'targets.update' }, input)
    },

    /** What the input does not say becomes what it would be in a new target. */
    replace: async (ctx: Context, ref: string, input: NewTarget, ifRevision: number | null): Promise<Target> => {
      permit(ctx, 'targets.update')
      return update(ctx, { ref, ifRevision, action: 'targets.replace' }, { ...blank, ...given(input) })
    },

    archive: async (ctx: Context, ref: string, ifRevision: number | null): Promise<Target> => {
      permit(ctx, 'targets.archive')
      return change(ctx, { ref, ifRevision, action: 'targets.archive' }, async (ctx, row) => {
        if (row.archivedAt === null) await store.archiveTarget(ctx.db, row.id)
      })
    },

    restore: async (ctx: Context, ref: string, ifRevision: number | null): Promise<Target> => {
      permit(ctx, 'targets.archive')
      return change(ctx, { ref, ifRevision, action: 'targets.restore' }, async (ctx, row) => {
        if (row.archivedAt === null) return
        const archived = await store.selectArchivedCredentials(ctx.db, row.id)
        if (archived.length > 0)
          throw new Refusal('conflict', `Its credential ${archived.join(', ')} is archived. Restore that first.`)
        await store.updateTarget(ctx.db, row.id, { archivedAt: null })
      })
    },

    counts: async (ctx: Context) => {
      const by = await store.countTargets(ctx.db)
      const count = (health: Target['health']) => by.get(health) ?? 0
      return {
        total: [...by.values()].reduce((sum, part) => sum + part, 0),
        healthy: count('healthy'),
        warning: count('warning'),
        critical: count('critical'),
        unknown: count('unknown'),
      }
    },
  }
}

export type Targets = ReturnType<typeof createTargets>

/** What is not said of a new target. */
const blank = {
  description: '',
  osVersion: null,
  environment: null,
  location: null,
  dataCentre: null,
  region: null,
  tags: [] as string[],
  attributes: {},
}

const given = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/** A name in the form of an identifier could be taken for one where targets are chosen by either. */
const refuseReserved = (name: string | undefined) => {
  if (name !== undefined && (isUuid(name) || TargetSerial.safeParse(asSerial(name)).success)) {
    throw invalid([{ path: 'name', message: 'a target cannot be named like a UUID or a serial' }])
  }
}

const placeIn = (sort: store.TargetSort, cursor: string | undefined): Place | null => {
  const place = readCursor(cursor)
  if (place !== null && sort.endsWith('createdAt') && Number.isNaN(Date.parse(place.key))) {
    throw invalid([{ path: 'query.cursor', message: 'a cursor of another order; start again from the first page' }])
  }
  return place
}

const unlessTaken = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await write()
  } catch (cause) {
    if (violatedConstraint(cause) !== 'targets_name_key') throw cause
    throw new Refusal('name_taken', 'There is already a target with this name.', {
      fields: [{ path: 'name', message: 'taken by another target' }],
      cause,
    })
  }
}
