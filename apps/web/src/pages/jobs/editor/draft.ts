import type { JobDocument, ParameterSpec, Step, StepType, Strategy, Value } from '@opsconductor/contract'

/** A parameter while it is edited: its name may be empty, or the same as another's, for a moment. */
export type DraftParameter = { name: string; spec: ParameterSpec }

/**
 * A job document while it is edited. The same as the document, but that parameters are a list, so that one can be
 * renamed, and steps are loose, so that a half-written one can be kept.
 */
export type Draft = Omit<JobDocument, 'parameters' | 'steps' | 'name'> & {
  name: string
  parameters: DraftParameter[]
  steps: DraftStep[]
}

export type DraftStep = { type: StepType } & Partial<Omit<Step, 'type'>> & {
    command?: string
    script?: string
    interpreter?: string
    shell?: 'powershell' | 'cmd'
    durationSec?: number | undefined
    until?: string | undefined
  } & Partial<Pick<CopyStep, 'direction' | 'content' | 'from' | 'to' | 'fileMode' | 'owner' | 'symlinks'>>

type CopyStep = Extract<Step, { type: 'ssh.copy' }>

export const emptyDraft: Draft = { name: '', parameters: [], steps: [{ type: 'ssh.exec', command: '' }] }

const isSpec = (parameter: Value | ParameterSpec): parameter is ParameterSpec => typeof parameter === 'object'

const typeOf = (value: Value): ParameterSpec['type'] =>
  typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'string'

/** The draft of a document. `"svc": "Spooler"` becomes the parameter that it is short for. */
export const draftOf = ({ parameters = {}, ...document }: JobDocument): Draft => ({
  ...document,
  // written by the server, and not taken back
  version: undefined,
  parameters: Object.entries(parameters).map(([name, parameter]) => ({
    name,
    spec: isSpec(parameter) ? parameter : { type: typeOf(parameter), default: parameter },
  })),
  steps: document.steps,
})

/** The document of a draft, without what is empty. It need not be valid. */
export const documentOf = ({ parameters, ...draft }: Draft): JobDocument =>
  withoutEmpty({
    ...draft,
    ...(parameters.length > 0
      ? { parameters: Object.fromEntries(parameters.map(({ name, spec }) => [name, shortened(spec)])) }
      : {}),
    strategy: draft.strategy && withoutEmpty(draft.strategy),
    steps: draft.steps.map(withoutEmpty),
  }) as JobDocument

/** A parameter of which only the default is said is written short. */
const shortened = (spec: ParameterSpec): ParameterSpec | Value => {
  const { type, default: value, ...rest } = withoutEmpty(spec)
  const isShort = value !== undefined && typeOf(value) === type && Object.keys(rest).length === 0
  return isShort ? value : withoutEmpty(spec)
}

const kept = new Set(['name', 'command', 'script', 'default', 'content', 'from', 'to'])

const withoutEmpty = <T extends object>(thing: T): T =>
  Object.fromEntries(
    Object.entries(thing).filter(
      ([key, value]) =>
        value !== undefined &&
        value !== false &&
        // what is required is said to be missing by its own message
        (value !== '' || kept.has(key)) &&
        !(key === 'name' && value === '' && 'type' in thing) &&
        !(Array.isArray(value) && value.length === 0 && key !== 'steps') &&
        !(key === 'strategy' && typeof value === 'object' && Object.keys(value as object).length === 0),
    ),
  ) as T

/** Two parameters of one name would be one in the document. */
export const duplicateParameters = ({ parameters }: Draft): number[] =>
  parameters.flatMap(({ name }, index) => (parameters.findIndex((other) => other.name === name) < index ? [index] : []))

/** A step of another type keeps what both have, and takes the text along. */
export const retyped = (step: DraftStep, type: StepType): DraftStep => {
  const { command, script, content, interpreter, shell, durationSec: _0, until: _00, ...rest } = step
  const { direction, from, to, fileMode: _1, owner: _2, symlinks: _3, ...common } = rest
  const text = command ?? script ?? content ?? ''
  switch (type) {
    case 'wait': {
      const { id, name } = common
      return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }), type, durationSec: 60 }
    }
    case 'ssh.copy':
    case 'winrm.copy':
      if (isCopy(step)) return { ...common, type, direction, content, from, to }
      return { ...common, mode: undefined, type, content: text, to: '' }
    case 'ssh.script':
    case 'script.local':
      return { ...common, type, script: text, ...(interpreter === undefined ? {} : { interpreter }) }
    case 'winrm.script':
      return { ...common, type, script: text }
    case 'ssh.exec':
      return { ...common, type, command: text }
    case 'winrm.exec':
      return { ...common, type, command: text, shell: shell ?? 'powershell' }
  }
}

export const isCopy = ({ type }: DraftStep) => type === 'ssh.copy' || type === 'winrm.copy'

export const isScript = ({ type }: DraftStep) =>
  type === 'ssh.script' || type === 'script.local' || type === 'winrm.script'

export const textOf = (step: DraftStep) => step.command ?? step.script ?? ''

export const insertAt = <T>(items: readonly T[], index: number, item: T): T[] => items.toSpliced(index, 0, item)

export const removeAt = <T>(items: readonly T[], index: number): T[] => items.toSpliced(index, 1)

export const replaceAt = <T>(items: readonly T[], index: number, item: T): T[] => items.toSpliced(index, 1, item)

/** Where the item goes beyond either end, nothing changes. */
export const moved = <T>(items: readonly T[], from: number, to: number): T[] => {
  const item = items[from]
  if (item === undefined || to < 0 || to >= items.length) return [...items]
  return items.toSpliced(from, 1).toSpliced(to, 0, item)
}

/** A copy stands beside its original, and has no id of its own: ids are unique. */
export const duplicatedAt = (steps: readonly DraftStep[], index: number): DraftStep[] => {
  const step = steps[index]
  if (step === undefined) return [...steps]
  const { id: _, ...copy } = step
  return insertAt(steps, index + 1, { ...copy, ...(copy.name ? { name: `${copy.name} (copy)` } : {}) })
}

export const withStrategy = (draft: Draft, change: Partial<Strategy>): Draft => ({
  ...draft,
  strategy: { ...draft.strategy, ...change },
})
