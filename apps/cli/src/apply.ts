import { api, type JobDetail, type JobDocument } from '@opsconductor/contract'
import { readDocuments, withPlaces, type Source } from './document.ts'
import { Failure } from './failure.ts'
import { jobNamed } from './names.ts'
import type { Opsctl } from './opsctl.ts'
import { oneLine } from './print.ts'
import { readText } from './read-input.ts'

export type Applied = { outcome: 'created' | 'changed' | 'unchanged'; job: JobDetail }

/**
 * Saves the job documents of files: a job of the same name gets its next version, an unchanged document makes none. The
 * server checks the documents; what it finds is told with the line of the file. Stops at the first that is not saved.
 */
export const applyFiles = async (ctx: Opsctl, files: readonly string[]) => {
  const sources: Source[] = []
  // all files are read before the first job is saved
  for (const file of files) {
    const name = file === '-' ? 'stdin' : file
    sources.push(...readDocuments(await readText(ctx.asker, file), name))
  }
  const applied: Applied[] = []
  try {
    for (const source of sources) {
      const each = await applyOne(ctx, source)
      applied.push(each)
      if (!ctx.print.isJson) tell(ctx, each)
    }
  } finally {
    if (ctx.print.isJson) ctx.print.answer({ items: applied }, () => {})
  }
}

const applyOne = async (ctx: Opsctl, source: Source): Promise<Applied> => {
  const { call } = ctx
  // the server decides whether it is one
  const body = source.value as JobDocument
  const name = nameOf(source)
  try {
    const existing = await jobNamed(ctx, name)
    if (existing === undefined) return { outcome: 'created', job: await call(api.jobs.create, { body }) }
    const job = await call(api.jobs.replace, { params: { ref: existing.uuid }, body })
    return { outcome: job.version === existing.version ? 'unchanged' : 'changed', job }
  } catch (error) {
    throw withPlaces(error, source)
  }
}

const nameOf = ({ value, placeOf }: Source) => {
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined
  if (typeof name === 'string' && name.trim() !== '') return name.trim()
  throw new Failure('usage', `${placeOf('name')}: a job document needs a name, a text on one line`)
}

const tell = ({ print }: Opsctl, { outcome, job }: Applied) => {
  const what = outcome === 'changed' ? `version ${job.version}` : outcome
  print.line(`${oneLine(job.name)} (${job.serial}): ${what}`)
  for (const warning of job.warnings) print.note(`warning: ${oneLine(warning)}`, 'yellow')
}
