import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { blocksOf, linesOf } from '../src/files/blocks.ts'
import { discardScript, downloadScript, partScript, uploadScript } from '../src/files/scripts.ts'
import { Source } from '../src/powershell/script.ts'
import type { PowerShell, Talk } from './programs.ts'

/** The script within this package's frame, if it stands there as a string. */
export const literalScript = (text: string): string | undefined => {
  const quoted = /^\$__script='((?:[^']|'')*)'$/m.exec(text)?.[1]
  return quoted?.replaceAll(/(['\u2018-\u201b])\1/g, '$1')
}

/** The variables that statements such as `$name='it''s'` set. */
const assignedIn = (prologue: string): Record<string, string> =>
  Object.fromEntries(
    [...prologue.matchAll(/^\$(\w+)='((?:[^'\u2018-\u201b]|(['\u2018-\u201b])\3)*)'$/gm)].map(([, name, quoted]) => [
      name!,
      quoted!.replaceAll(/(['\u2018-\u201b])\1/g, '$1'),
    ]),
  )

export type ReadScript = {
  readonly script: string
  /** What runs before it, and the variables that sets. */
  readonly prologue: string
  readonly variables: Readonly<Record<string, string>>
}

/** The script that is meant, without what this package puts around it, and the variables its prologue sets. */
export const readScript = async (
  script: string,
  { stdin, environment }: Pick<Talk, 'stdin' | 'environment'>,
): Promise<ReadScript> => {
  const encoded = script.includes(`=${Source.stdin}\n`)
    ? await text(stdin)
    : script.includes(`=${Source.variable}\n`)
      ? (environment['WINRM_SCRIPT'] ?? '')
      : undefined
  if (encoded === undefined) {
    const own = literalScript(script)
    const prologue = own === undefined ? '' : script.slice(0, script.indexOf('$__script='))
    return { script: own ?? script, prologue, variables: assignedIn(prologue) }
  }
  const whole = Buffer.from(encoded, 'base64').toString()
  const at = whole.indexOf('\0')
  const prologue = whole.slice(0, Math.max(0, at))
  return { script: whole.slice(at + 1), prologue, variables: assignedIn(prologue) }
}

/** The strings in a script, as PowerShell reads them. */
const stringsIn = (script: string) =>
  [...script.matchAll(/'((?:[^']|'')*)'/g)].map(([, inner]) => inner!.replaceAll("''", "'"))

const LONGEST_OWN = 40_000

/** Which of this package's scripts it is, and with what path. */
const recognise = (script: string) => {
  // they are short, and looking for each string of a long one takes for ever
  if (script.length > LONGEST_OWN) return undefined
  for (const path of stringsIn(script)) {
    if (script === downloadScript(path, 'console') || script === downloadScript(path, 'pipeline'))
      return { kind: 'download' as const, path, part: '' }
    for (const part of stringsIn(script)) {
      if (script === uploadScript(path, part)) return { kind: 'upload' as const, path, part }
      for (const isFirst of [true, false])
        if (script === partScript(path, part, isFirst))
          return { kind: isFirst ? ('firstPart' as const) : ('furtherPart' as const), path, part }
      if (script === discardScript(path, part)) return { kind: 'discard' as const, path, part }
    }
  }
  return undefined
}

/** @param flags how the temporary file is opened; without the line with the SHA-256 there is more to come */
const receive = async (
  path: string,
  part: string,
  flags: 'w' | 'wx' | 'a',
  { stdin, stdout }: Talk,
): Promise<number> => {
  if (existsSync(path) && statSync(path).isDirectory()) throw new Error(`${path} is a folder.`)
  const temporary = path + part
  const file = await open(temporary, flags)
  let wanted = ''
  try {
    for await (const line of linesOf(stdin as AsyncIterable<Buffer>)) {
      const bytes = Buffer.from(line, 'base64')
      if (line.startsWith('=')) wanted = line.slice(1)
      else await file.writeFile(bytes)
    }
  } finally {
    await file.close()
  }
  if (wanted === '' && flags !== 'w') return 0
  const hash = createHash('sha256')
  await pipeline(createReadStream(temporary), hash)
  const had = hash.digest('hex')
  if (had !== wanted) {
    await rm(temporary)
    throw new Error(`What arrived has the SHA-256 ${had} instead of ${wanted}.`)
  }
  await rename(temporary, path)
  stdout.write(`=${had}\r\n`)
  return 0
}

const give = async (path: string, { stdout }: Talk): Promise<number> => {
  const hash = createHash('sha256')
  const lines = async function* () {
    for await (const block of blocksOf(createReadStream(path), 245_760)) {
      hash.update(block)
      yield `${block.toString('base64')}\r\n`
    }
    yield `=${hash.digest('hex')}\r\n`
  }
  await pipeline(lines, stdout, { end: false })
  return 0
}

/** Linux takes 128 KiB. */
const LONGEST_ARGUMENT = 100_000
const READ_IT = 'script=$(cat <&3); exec 3<&-; eval "$script"'

const sh = async (script: string, { stdin, stdout, stderr, cwd, environment, signal }: Talk): Promise<number> => {
  const child = spawn('/bin/sh', ['-c', script.length < LONGEST_ARGUMENT ? script : READ_IT], {
    cwd,
    env: { ...environment },
    signal,
    killSignal: 'SIGKILL',
    // a group of its own, by which a test finds what it has left
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  const source = child.stdio[3] as Writable
  source.on('error', () => {}) // it may not read it
  source.end(script)
  child.once('error', () => {}) // 'exit' follows, or nobody waits any more
  const code = new Promise<number>((done) => child.once('exit', (exitCode) => done(exitCode ?? 1)))
  child.stdin.on('error', () => {}) // it may not read it
  if (stdin.readableEnded) child.stdin.end()
  else stdin.pipe(child.stdin)
  await Promise.all([pipeline(child.stdout, stdout, { end: false }), pipeline(child.stderr, stderr, { end: false })])
  return code
}

/**
 * A PowerShell for tests: it knows this package's own scripts by heart, and takes every other one for the language of
 * /bin/sh, in which `${name}` means the same.
 */
export const posixPowerShell: PowerShell = async (encoded, talk) => runScript(await readScript(encoded, talk), talk)

/** The same with a script that was read already. */
export const runScript = async ({ script, variables }: Omit<ReadScript, 'prologue'>, talk: Talk): Promise<number> => {
  const own = recognise(script)
  if (own === undefined) return sh(script, { ...talk, environment: { ...talk.environment, ...variables } })
  const path = resolve(talk.cwd, own.path)
  switch (own.kind) {
    case 'upload':
      return receive(path, own.part, 'w', talk)
    case 'firstPart':
      return receive(path, own.part, 'wx', talk)
    case 'furtherPart':
      return receive(path, own.part, 'a', talk)
    case 'download':
      return give(path, talk)
    case 'discard':
      await rm(path + own.part, { force: true })
      return 0
  }
}
