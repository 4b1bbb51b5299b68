import type { Step } from '@opsconductor/contract'
import type { Expression, Lookup } from './expressions.ts'
import { type PlainText, readPlain, renderPlain, secretsInPlain, showPlain } from './plain-text.ts'

export type CopyStep = Extract<Step, { type: 'ssh.copy' | 'winrm.copy' }>

export const isCopyStep = (step: Step): step is CopyStep => step.type === 'ssh.copy' || step.type === 'winrm.copy'

type OfPosix = Pick<Extract<Step, { type: 'ssh.copy' }>, 'fileMode' | 'owner' | 'symlinks'>

/** What can be said of files on POSIX only. */
const ofPosix = (step: CopyStep): OfPosix => (step.type === 'ssh.copy' ? step : {})

/** What is to be copied, with all values in their places. */
export type CopyOrder = {
  direction: 'up' | 'down'
  source: { content: string } | { path: string }
  to: string
  /** Permission bits. */
  fileMode: number | undefined
  owner: string | undefined
  symlinks: 'keep' | 'skip'
}

const fields = ['content', 'from', 'to'] as const
type Field = (typeof fields)[number]

const known = new WeakMap<CopyStep, { field: Field; plain: PlainText }[]>()

/** Read once for a step, however many branches it runs in. */
const textsOf = (step: CopyStep) => {
  const found =
    known.get(step) ??
    fields.flatMap((field) => {
      const text = step[field]
      return text === undefined ? [] : [{ field, plain: readPlain(text) }]
    })
  known.set(step, found)
  return found
}

const plainOf = (step: CopyStep, field: Field): PlainText | undefined =>
  textsOf(step).find((each) => each.field === field)?.plain

export const readCopy = (step: CopyStep) => ({
  expressions: textsOf(step).flatMap(({ field, plain }) => plain.places.map((place) => ({ ...place, field }))),
  problems: textsOf(step).flatMap(({ field, plain }) => plain.problems.map((problem) => ({ ...problem, field }))),
})

/** What is dangerous about it, given which names are secret. */
export const copyWarnings = (step: CopyStep, isSecret: (expression: Expression) => boolean): string[] => {
  const content = plainOf(step, 'content')
  const isPerTarget = plainOf(step, 'to')?.places.some(({ names }) =>
    names.some(([first]) => first === 'target' || first === 'branch'),
  )
  return [
    ...(content?.places.some(isSecret) === true ? secretInFile(step) : []),
    ...(step.direction === 'down' && isPerTarget !== true
      ? ['what comes down from each target gets the same name, and the last one stays; use {{ target.name }} in it.']
      : []),
  ]
}

const secretInFile = (step: CopyStep): string[] => {
  if (step.type === 'winrm.copy') return ['a secret stands in a file that those may read who may read in its folder.']
  const isOpen = (Number.parseInt(step.fileMode ?? '0644', 8) & 0o044) !== 0
  return isOpen
    ? ['a secret stands in a file that others on the target may read; fileMode 0600 keeps it to its owner.']
    : []
}

/** @throws ExpressionError when a name has no value */
export const showCopy = (step: CopyStep, lookup: Lookup): string => {
  const shown = (field: Field) => {
    const plain = plainOf(step, field)
    return plain === undefined ? '' : showPlain(plain, lookup)
  }
  const files = (path: string) => `files:${path}`
  const { fileMode, owner, symlinks } = ofPosix(step)
  const more = [
    fileMode !== undefined && `mode ${fileMode}`,
    owner !== undefined && `owner ${owner}`,
    symlinks === 'skip' && 'without links',
  ].filter(Boolean)
  const ending = more.length === 0 ? '' : ` (${more.join(', ')})`
  if (step.content !== undefined) return `write ${shown('to')}${ending}\n${shown('content')}`
  return step.direction === 'down'
    ? `copy ${shown('from')} to ${files(shown('to'))}${ending}`
    : `copy ${files(shown('from'))} to ${shown('to')}${ending}`
}

export const copySecrets = (step: CopyStep, lookup: Lookup): string[] =>
  textsOf(step).flatMap(({ plain }) => secretsInPlain(plain, lookup))

/** @throws ExpressionError when a name has no value, or none yet */
export const copyOrder = (step: CopyStep, lookup: Lookup): CopyOrder => {
  const value = (field: Field) => {
    const plain = plainOf(step, field)
    return plain === undefined ? '' : renderPlain(plain, lookup)
  }
  const { fileMode, owner, symlinks } = ofPosix(step)
  return {
    direction: step.direction ?? 'up',
    source: step.content === undefined ? { path: value('from') } : { content: value('content') },
    to: value('to'),
    fileMode: fileMode === undefined ? undefined : Number.parseInt(fileMode, 8),
    owner,
    symlinks: symlinks ?? 'keep',
  }
}
