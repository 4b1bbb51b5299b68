import { Uuid, api, type Page } from '@opsconductor/contract'
import { Failure } from './failure.ts'
import type { Opsctl } from './opsctl.ts'

const serial = /^(JOB|TGT)-\d{4}-\d{6,}$/i

type Named = { uuid: string; name: string }
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

const refOf = async (read: ReadPage<Named>, text: string, what: 'target' | 'credential' | 'job') => {
  if (Uuid.safeParse(text).success || serial.test(text)) return text
  const found = await findNamed(read, text)
  if (found !== undefined) return found.uuid
  throw new Failure('notFound', `There is no ${what} called "${text}"`, { hint: `See them with: opsctl ${what}s list` })
}

/** A person may say UUID, serial or name; a path takes the first two. */
export const jobRef = ({ call }: Opsctl, text: string) => refOf((query) => call(api.jobs.list, { query }), text, 'job')

export const jobNamed = ({ call }: Opsctl, name: string) => findNamed((query) => call(api.jobs.list, { query }), name)

export const targetRef = ({ call }: Opsctl, text: string) =>
  refOf((query) => call(api.targets.list, { query }), text, 'target')

export const credentialRef = ({ call }: Opsctl, text: string) =>
  refOf((query) => call(api.credentials.list, { query }), text, 'credential')
