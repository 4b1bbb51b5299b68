import { Uuid, api, type Page } from '@opsconductor/contract'
import { Failure } from './failure.ts'
import type { Opsctl } from './opsctl.ts'
import { displayWidth, oneLine } from './print.ts'

const serial = /^(JOB|TGT)-\d{4}-\d{6,}$/i

type Named = { uuid: string; name: string; serial?: string }
type ReadPage<T> = (query: { q?: string; cursor?: string; limit: number }) => Promise<Page<T>>

/** The thing that is called exactly so, or nothing. */
const findNamed = async <T extends Named>(read: ReadPage<T>, name: string): Promise<T | undefined> => {
  for await (const item of itemsOf(read, { q: name })) if (item.name === name) return item
  return undefined
}

/** All items of a list, page after page. */
export async function* itemsOf<T>(read: ReadPage<T>, { q }: { q?: string } = {}): AsyncGenerator<T> {
  let cursor: string | null = null
  do {
    const page: Page<T> = await read({
      limit: 200,
      ...(q === undefined ? {} : { q }),
      ...(cursor === null ? {} : { cursor }),
    })
    yield* page.items
    cursor = page.nextCursor
  } while (cursor !== null)
}

/** The first `limit` items of a list, which may be more than one page. */
export const firstItems = async <T>(read: ReadPage<T>, limit: number): Promise<Page<T>> => {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await read({
      limit: Math.min(200, limit - items.length),
      ...(cursor === null ? {} : { cursor }),
    })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null && items.length < limit)
  return { items, nextCursor: cursor }
}

const candidatesMax = 8

/** Names differ by more than upper and lower case, so that either is taken; of several nothing is guessed. */
const refOf = async (read: ReadPage<Named>, text: string, what: 'target' | 'credential' | 'job') => {
  if (Uuid.safeParse(text).success || serial.test(text)) return text
  const candidates: Named[] = []
  for await (const item of itemsOf(read, { q: text })) {
    if (item.name.toLowerCase() === text.toLowerCase()) return item.uuid
    if (candidates.length <= candidatesMax) candidates.push(item)
  }
  throw new Failure('notFound', `There is no ${what} called "${text}"`, {
    hint: candidates.length === 0 ? `See them with: opsctl ${what}s list` : namesOf(candidates, what),
    ...(candidates.length === 0 ? {} : { candidates }),
  })
}

const namesOf = (candidates: readonly Named[], what: string) => {
  const shown = candidates.slice(0, candidatesMax)
  const width = Math.max(...shown.map(({ name }) => displayWidth(oneLine(name))))
  const lines = shown.map(({ name, serial = '' }) => {
    const said = oneLine(name)
    return `  ${said}${' '.repeat(width - displayWidth(said))}  ${serial}`.trimEnd()
  })
  const more = candidates.length > shown.length ? [`More with: opsctl ${what}s list --query …`] : []
  return ['Did you mean one of these?', ...lines, ...more].join('\n')
}

/** A person may say UUID, serial or name; a path takes the first two. */
export const jobRef = ({ call }: Opsctl, text: string) => refOf((query) => call(api.jobs.list, { query }), text, 'job')

export const jobNamed = ({ call }: Opsctl, name: string) => findNamed((query) => call(api.jobs.list, { query }), name)

export const targetRef = ({ call }: Opsctl, text: string) =>
  refOf((query) => call(api.targets.list, { query }), text, 'target')

export const credentialRef = ({ call }: Opsctl, text: string) =>
  refOf((query) => call(api.credentials.list, { query }), text, 'credential')
