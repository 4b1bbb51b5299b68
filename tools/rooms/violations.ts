import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Contents, type Import, readContents } from './imports.ts'
import { emptyEndings, emptyNames, libraries, looksBehindDoors, makers, mentions, type Room, rooms } from './table.ts'
import { readWorkspaces, type Workspaces } from './workspaces.ts'

export type Violation = { readonly path: string; readonly line: number; readonly what: string; readonly rule: string }

const code = /\.([cm]?[jt]s|tsx)$/

/** @param files paths from the root, with slashes */
export const findViolations = (root: string, files: readonly string[]): Violation[] => {
  const workspaces = readWorkspaces(root, files)
  return files.flatMap((path) => [
    ...(code.test(path) || path.endsWith('.css') ? againstNames(path) : []),
    ...(code.test(path)
      ? againstContents(path, readContents(path, readFileSync(join(root, path), 'utf8')), workspaces)
      : []),
  ])
}

export const roomOf = (path: string): Room | undefined => rooms.find(({ files }) => files.test(path))

const againstNames = (path: string): Violation[] => {
  const folders = path.split('/')
  const parts = (folders.pop() ?? '').split('.').slice(0, -1)
  const empty = [...folders, ...parts].find((name) => emptyNames.has(name) || emptyEndings.test(name))
  if (empty === undefined) return []
  return [{ path, line: 1, what: `is called "${empty}"`, rule: 'no room without a name: say what it holds' }]
}

const againstContents = (path: string, { imports, mentions: mentioned }: Contents, workspaces: Workspaces) => {
  const found: Violation[] = []
  for (const taken of imports) {
    const add = (rule: string) => found.push({ path, line: taken.line, what: `imports ${taken.specifier}`, rule })
    const to = workspaces.resolve(path, taken.specifier)
    for (const rule of to === undefined ? againstLibraries(path, taken) : againstRooms(path, taken, to)) add(rule)
  }
  for (const { owner, name, line } of mentioned) {
    for (const rule of mentions) {
      if (!rule.owner.test(owner) || !rule.name.test(name)) continue
      if (!rule.within.test(path) || rule.allowed.test(path)) continue
      found.push({ path, line, what: `uses ${owner}${owner === '' ? '' : '.'}${name}`, rule: rule.says })
    }
  }
  return found
}

const againstLibraries = (path: string, { specifier, isTypeOnly, values }: Import): string[] => {
  const library = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const broken = libraries.filter(
    (rule) =>
      rule.library.test(library) &&
      rule.within.test(path) &&
      !rule.allowed.test(path) &&
      !(rule.areTypesFree && isTypeOnly),
  )
  // `import { env } from 'node:process'` is the same as process.env
  const environment = /^(node:)?process$/.test(specifier) && values.includes('env')
  const reader = mentions.find((rule) => rule.name.test('env') && rule.within.test(path) && !rule.allowed.test(path))
  return [...broken.map(({ says }) => says), ...(environment && reader !== undefined ? [reader.says] : [])]
}

const againstRooms = (path: string, { specifier, isTypeOnly, values }: Import, to: string): string[] => {
  const from = roomOf(path)
  const target = roomOf(to)
  if (target === undefined) return []
  if (from === undefined) return ['every file belongs to a room: add one to the table']
  if (from === target) return []
  const isAllowed = from.mayImport.includes(target.name) || (isTypeOnly && from.typesOf?.includes(target.name) === true)
  if (!isAllowed) return [`${from.name} may import ${saysOf(from)}, not ${target.name}`]
  if (!looksBehindDoors.includes(from.name)) {
    if (target.doors?.test(to) === false) return [`${target.name} is entered by its index.ts only`]
    if (workspaceOf(path) !== workspaceOf(to) && specifier.startsWith('.')) {
      return ['another workspace is imported by its name']
    }
  }
  const isMaker = (makers.mayMake as readonly string[]).includes(from.name)
  const isMade = makers.from.includes(target.name) && values.some((name) => makers.names.test(name))
  return isMade && !isMaker ? [makers.says] : []
}

const saysOf = ({ mayImport, typesOf = [] }: Room) =>
  [...mayImport, ...typesOf.map((name) => `types of ${name}`)].join(', ') || 'nothing of ours'

const workspaceOf = (path: string) => posix.join(...path.split('/').slice(0, 2))
