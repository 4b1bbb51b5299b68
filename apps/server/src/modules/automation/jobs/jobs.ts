import { createHash } from 'node:crypto'
import type { JobDetail, JobDocument, JobVersion } from '@opsconductor/contract'
import { audit } from '../../../kernel/audit/audit.ts'
import { afterCommit, type Context, permit, transaction } from '../../../kernel/context.ts'
import { pageOf, readCursor } from '../../../kernel/cursor.ts'
import { invalid, notFound, Refusal, violatedConstraint } from '../../../kernel/errors.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import { topics, type Wake } from '../../../kernel/wake/wake.ts'
import { checkDocument } from './document-check.ts'
import * as store from './jobs.store.ts'

type ListQuery = store.JobFilter & { limit: number; cursor?: string | undefined }

export const createJobs = ({ wake }: { wake: Wake }) => {
  const changed = (ctx: Context) => afterCommit(ctx, () => wake.announce(topics.list('jobs')))

  const find = async (ctx: Context, ref: string) => {
    const job = await store.findJob(ctx.db, ref)
    if (job === undefined) throw notFound('job', ref)
    return job
  }

  const setArchived = (ctx: Context, ref: string, isArchived: boolean): Promise<JobDetail> => {
    permit(ctx, 'jobs.archive')
    return transaction(ctx, async (ctx) => {
      const job = await find(ctx, ref)
      if ((job.archivedAt !== null) === isArchived) return toDetail(job)
      await unlessTaken(() => store.setJob(ctx.db, job.id, { archivedAt: isArchived ? new Date() : null }))
      await audit(ctx, isArchived ? 'jobs.archive' : 'jobs.restore', subjectOf(job))
      changed(ctx)
      return toDetail(await find(ctx, job.uuid))
    })
  }

  return {
    list: async (ctx: Context, query: ListQuery) => {
      permit(ctx, 'jobs.read')
      const rows = await store.selectJobs(ctx.db, query, readCursor(query.cursor), query.limit + 1)
      return pageOf(rows, query.limit, store.placeOfJob, store.toJob)
    },

    read: async (ctx: Context, ref: string): Promise<JobDetail> => {
      permit(ctx, 'jobs.read')
      return toDetail(await find(ctx, ref))
    },

    create: (ctx: Context, input: JobDocument): Promise<JobDetail> => {
      permit(ctx, 'jobs.create')
      const document = withoutVersion(input)
      const { rawNames } = accept(ctx, document)
      return transaction(ctx, async (ctx) => {
        const uuid = newUuid()
        const { id, serial } = await unlessTaken(() =>
          store.insertJob(ctx.db, { uuid, createdBy: ctx.actor.name, document }),
        )
        await insertVersion(ctx, id, 1, document)
        await audit(
          ctx,
          'jobs.create',
          { kind: 'job', uuid, name: document.name },
          { serial, version: 1, ...rawDetail(rawNames) },
        )
        changed(ctx)
        return toDetail(await find(ctx, uuid))
      })
    },

    /** Saves a document as the next version; an unchanged one makes none. */
    replace: (ctx: Context, ref: string, input: JobDocument, ifRevision: number | null): Promise<JobDetail> => {
      permit(ctx, 'jobs.update')
      const document = withoutVersion(input)
      const { rawNames } = accept(ctx, document)
      return transaction(ctx, async (ctx) => {
        const found = await find(ctx, ref)
        await store.lockJob(ctx.db, found.id)
        const job = await find(ctx, found.uuid)
        refuseStale(job, ifRevision)
        if (job.archivedAt !== null) throw new Refusal('conflict', `${job.name} is archived. Restore it first.`)
        if (checksumOf(store.documentOf({ document: job.document })) === checksumOf({ ...document, version: 1 }))
          return toDetail(job)
        const version = job.currentVersion + 1
        await insertVersion(ctx, job.id, version, document)
        await unlessTaken(() => store.updateJobToVersion(ctx.db, job.id, version, document))
        await audit(ctx, 'jobs.replace', subjectOf(job), { version, ...rawDetail(rawNames) })
        changed(ctx)
        return toDetail(await find(ctx, job.uuid))
      })
    },

    update: (
      ctx: Context,
      ref: string,
      change: { isEnabled: boolean },
      ifRevision: number | null,
    ): Promise<JobDetail> => {
      permit(ctx, 'jobs.update')
      return transaction(ctx, async (ctx) => {
        const job = await find(ctx, ref)
        refuseStale(job, ifRevision)
        if (job.isEnabled === change.isEnabled) return toDetail(job)
        await store.setJob(ctx.db, job.id, change)
        await audit(ctx, 'jobs.update', subjectOf(job), change)
        changed(ctx)
        return toDetail(await find(ctx, job.uuid))
      })
    },

    archive: (ctx: Context, ref: string) => setArchived(ctx, ref, true),
    restore: (ctx: Context, ref: string) => setArchived(ctx, ref, false),

    versions: async (ctx: Context, ref: string, query: { limit: number; cursor?: string | undefined }) => {
      permit(ctx, 'jobs.read')
      const job = await find(ctx, ref)
      const rows = await store.selectVersions(ctx.db, job.id, readCursor(query.cursor), query.limit + 1)
      return pageOf(
        rows,
        query.limit,
        (row) => ({ key: '', id: row.version }),
        (row) => toVersion(job, row),
      )
    },

    version: async (ctx: Context, ref: string, version: number): Promise<JobVersion> => {
      permit(ctx, 'jobs.read')
      const job = await find(ctx, ref)
      const row = await store.findVersion(ctx.db, job.id, version)
      if (row === undefined) throw notFound(`version of ${job.serial}`, String(version))
      return toVersion(job, row)
    },

    count: (ctx: Context) => store.countJobs(ctx.db),
  }
}

export type Jobs = ReturnType<typeof createJobs>

/** Refuses what cannot run safely; unquoted values need a permission of their own. */
const accept = (ctx: Context, document: JobDocument) => {
  const check = checkDocument(document)
  if (check.problems.length > 0) throw invalid(check.problems)
  if (check.rawNames.length > 0) permit(ctx, 'jobs.raw')
  return check
}

const rawDetail = (rawNames: readonly string[]) => (rawNames.length === 0 ? {} : { unquotedValues: rawNames })

const withoutVersion = (input: JobDocument): JobDocument => {
  const { version, ...document } = input
  return version === undefined ? input : document
}

const insertVersion = (ctx: Context, jobId: number, version: number, document: JobDocument) =>
  store.insertVersion(ctx.db, {
    uuid: newUuid(),
    jobId,
    version,
    document,
    checksum: checksumOf(document),
    createdBy: ctx.actor.name,
  })

/** Over the document with its keys in order: the same content has the same checksum. */
const checksumOf = (document: JobDocument): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(document)))
    .digest('hex')

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

const subjectOf = (job: { uuid: string; name: string }) => ({ kind: 'job', uuid: job.uuid, name: job.name })

const refuseStale = (job: { revision: number; name: string }, ifRevision: number | null) => {
  if (ifRevision === null || ifRevision === job.revision) return
  throw new Refusal(
    'changed_meanwhile',
    `${job.name} was changed meanwhile (revision ${job.revision}). Read it again and repeat your change.`,
  )
}

const toDetail = (row: store.JobRow): JobDetail => {
  const document = store.documentOf({ document: row.document, version: row.currentVersion })
  return { ...store.toJob(row), document, warnings: checkDocument(document).warnings }
}

const toVersion = (
  job: { uuid: string; serial: string; name: string },
  row: { version: number; document: unknown; createdBy: string; createdAt: Date },
): JobVersion => ({
  job: { uuid: job.uuid, serial: job.serial, name: job.name },
  version: row.version,
  document: store.documentOf(row),
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
})

const unlessTaken = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await write()
  } catch (cause) {
    if (violatedConstraint(cause) !== 'jobs_name_key') throw cause
    throw new Refusal(
      'name_taken',
      'There is already a job with this name. Choose another one, or archive the other job first.',
      { cause },
    )
  }
}
