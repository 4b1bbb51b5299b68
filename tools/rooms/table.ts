/**
 * Who may import whom, as a table. A file belongs to the first room whose `files` it matches. A room may always import
 * itself and whatever is not in this repository (see `libraries` for the exceptions).
 *
 * An import of types counts like any other, but where a line says `types of`.
 */
export type Room = {
  readonly name: string
  /** Paths from the root, with slashes. */
  readonly files: RegExp
  readonly mayImport: readonly string[]
  /** Rooms of which it may know the shapes, and nothing that runs. */
  readonly typesOf?: readonly string[]
  /** The only files through which other rooms come in. Tests and tools, which look behind the doors, come in anywhere. */
  readonly doors?: RegExp
}

const below = ['server config', 'kernel', 'contract', 'transports']
const allModules = ['identity', 'assets', 'automation', 'communication', 'insight']

const businessModule = (name: string, ...others: readonly string[]): Room => ({
  name,
  files: new RegExp(`^apps/server/src/modules/${name}/`),
  mayImport: ['kernel', 'contract', 'transports', ...others],
  doors: /\/modules\/[^/]+\/index\.ts$/,
})

export const rooms: readonly Room[] = [
  // tests see everything of the program they test, and nobody else sees what is made for tests
  {
    name: 'server tests',
    files: /^apps\/server\/(test\/|.*\.test\.ts$)/,
    mayImport: ['server start', 'app', 'services', ...allModules, ...below, 'transports tests'],
  },
  {
    name: 'transports tests',
    files: /^packages\/transports\/(test|testing)\//,
    mayImport: ['transports', 'winrm'],
  },

  // the workspaces: contract and transports stand on nothing of ours, the clients on the contract alone
  { name: 'contract', files: /^packages\/contract\//, mayImport: [], doors: /^packages\/contract\/src\/index\.ts$/ },
  {
    name: 'transports',
    files: /^packages\/transports\//,
    mayImport: ['winrm'],
    doors: /^packages\/transports\/src\/index\.ts$/,
  },
  // a library for anyone: it knows nothing of us
  { name: 'winrm', files: /^packages\/winrm\//, mayImport: [], doors: /^packages\/winrm\/(src|testing)\/index\.ts$/ },
  { name: 'web', files: /^apps\/web\//, mayImport: ['contract'] },
  // `opsctl winrm doctor` looks at a machine from where one sits, without the server
  { name: 'cli', files: /^apps\/cli\//, mayImport: ['contract', 'winrm'] },

  // the server, downhill: start → app → services, modules → kernel
  { name: 'app', files: /^apps\/server\/src\/app\.ts$/, mayImport: ['services', ...allModules, ...below] },
  { name: 'server config', files: /^apps\/server\/src\/config\.ts$/, mayImport: ['kernel', 'contract'] },
  {
    name: 'server start',
    files: /^apps\/server\/src\/[^/]+$/,
    mayImport: ['app', 'services', ...allModules, ...below],
  },
  // a service is handed the whole app; it knows its shape and does not make one
  {
    name: 'services',
    files: /^apps\/server\/src\/services\//,
    mayImport: [...allModules, ...below],
    typesOf: ['app'],
  },
  businessModule('automation', 'assets', 'identity'),
  businessModule('assets', 'identity'),
  businessModule('communication', 'identity'),
  businessModule('insight', 'identity'),
  businessModule('identity'),
  { name: 'kernel', files: /^apps\/server\/src\/kernel\//, mayImport: ['contract'] },

  // what stands around the program
  { name: 'e2e', files: /^e2e\//, mayImport: ['contract', 'transports', 'transports tests', 'server tests', 'tools'] },
  {
    name: 'bench',
    files: /^bench\//,
    mayImport: ['contract', 'transports', 'transports tests', 'winrm', 'server tests', 'tools'],
  },
  {
    name: 'tools',
    files: /^(tools\/|[^/]+$)/,
    mayImport: ['server tests', 'server start', 'app', 'services', ...allModules, ...below],
  },
]

/** Rooms that may come in through any file. */
export const looksBehindDoors: readonly string[] = ['server tests', 'transports tests', 'tools', 'e2e', 'bench']

/** A library that belongs to some files only. */
export type LibraryRule = {
  readonly library: RegExp
  /** Where the rule holds. */
  readonly within: RegExp
  readonly allowed: RegExp
  /** Types bind nobody to what a library does. */
  readonly areTypesFree: boolean
  readonly says: string
}

const test = String.raw`\.test\.ts$|^apps/server/test/`

export const libraries: readonly LibraryRule[] = [
  {
    library: /^(fastify(-.*)?|@fastify\/.*)$/,
    within: /^apps\/server\//,
    allowed: /^apps\/server\/src\/kernel\/http\//,
    areTypesFree: false,
    says: 'only kernel/http knows the HTTP framework',
  },
  {
    library: /^kysely$/,
    within: /^apps\/server\//,
    allowed: new RegExp(String.raw`\.store\.ts$|/kernel/database/|${test}`),
    areTypesFree: true,
    says: 'only *.store.ts and kernel/database speak SQL (types of kysely are free)',
  },
  {
    library: /^pg$/,
    within: /^apps\/server\//,
    // the queue gives rights on its own tables when it is installed, before there is an application to ask
    allowed: new RegExp(String.raw`/kernel/database/|/kernel/queue/boss\.ts$|${test}`),
    areTypesFree: true,
    says: 'only kernel/database opens connections (and kernel/queue/boss.ts, to install the queue)',
  },
  {
    library: /^pg-boss$/,
    within: /^apps\/server\//,
    allowed: new RegExp(`/kernel/queue/|${test}`),
    areTypesFree: true,
    says: 'only kernel/queue uses the queue engine (its types may pass through)',
  },
  {
    library: /^ssh2$/,
    within: /./,
    allowed: /^packages\/transports\/(src\/ssh|test|testing\/light)\//,
    areTypesFree: true,
    says: 'only the wire ssh knows the SSH library (its types may pass through)',
  },
  {
    library: /^zod$/,
    within: /./,
    allowed: /^packages\/contract\/src\/zod\.ts$/,
    areTypesFree: false,
    says: 'Zod comes from the contract, which sets it up once',
  },
]

/** Members that only some files may ask for. */
export type MentionRule = {
  readonly owner: RegExp
  readonly name: RegExp
  readonly within: RegExp
  readonly allowed: RegExp
  readonly says: string
}

export const mentions: readonly MentionRule[] = [
  {
    owner: /^process$/,
    name: /^env$/,
    within: /^apps\/server\/src\//,
    allowed: new RegExp(String.raw`^apps/server/src/config\.ts$|${test}`),
    says: 'only config.ts reads the environment',
  },
  {
    owner: /^/,
    name: /^(selectFrom|insertInto|updateTable|deleteFrom|mergeInto)$/,
    within: /^apps\/server\/src\//,
    allowed: new RegExp(String.raw`\.store\.ts$|/kernel/database/|${test}`),
    says: 'only *.store.ts and kernel/database speak SQL',
  },
]

/** Things that live as long as the process are made by `create…`, `open…` or `start…` of the kernel or of a module's door. */
export const makers = {
  names: /^(create|open|start)[A-Z]/,
  from: ['kernel', ...allModules],
  mayMake: ['app', 'server start', 'server config', 'services', 'server tests', 'tools', 'e2e', 'bench'],
  says: 'only app.ts, what starts it, and services make what lives as long as the process; take it as a parameter',
} as const

/** Names that say nothing, for a folder or a file of code. */
export const emptyNames: ReadonlySet<string> = new Set(
  'util utils helper helpers common misc lib manager managers handler handlers base types interfaces'.split(' '),
)
/** Not to be had as the end of a longer name either: `string-utils.ts`. */
export const emptyEndings = /-(utils?|helpers?|managers?|handlers?)$/
