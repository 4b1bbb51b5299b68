import type { JobDocument, ParameterSpec, Step, Value } from '@opsconductor/contract'
import { stepText } from '../step-words.ts'

/**
 * A document as lines for people: one fact a line, texts as they are. Two versions are compared by it, since in JSON
 * a script would be one long line with escapes.
 */
export const outlineOf = (document: JobDocument): string[] => [
  `name: ${document.name}`,
  ...text('description', document.description),
  ...line('folder', document.folder),
  ...line('tags', document.tags?.join(', ')),
  ...line('targets', document.targets?.join(', ')),
  ...line('time-out', document.timeoutSec && `${document.timeoutSec} s`),
  ...line('branches at once', document.strategy?.concurrency),
  ...line('batches', document.strategy?.batches?.join(', ')),
  ...line('failures allowed', document.strategy?.maxFailures),
  ...(document.strategy?.pauseBetweenBatches ? ['pause between batches'] : []),
  ...line('pace', document.strategy?.pace),
  ...line('order of targets', document.strategy?.order),
  ...line('exclusive', document.strategy?.exclusive),
  ...Object.entries(document.parameters ?? {}).flatMap(([name, parameter]) => parameterLines(name, parameter)),
  ...document.steps.flatMap(stepLines),
]

const line = (name: string, value: Value | undefined) =>
  value === undefined || value === '' ? [] : [`${name}: ${value}`]

const text = (name: string, value: string | undefined) => {
  if (value === undefined || value === '') return []
  const lines = value.split('\n')
  return lines.length === 1 ? [`${name}: ${value}`] : [`${name}:`, ...lines.map((each) => `  ${each}`)]
}

const indented = (lines: string[]) => lines.map((each) => `  ${each}`)

const parameterLines = (name: string, parameter: Value | ParameterSpec): string[] => {
  if (typeof parameter !== 'object') return ['', `parameter ${name}`, `  default: ${parameter}`]
  return [
    '',
    `parameter ${name}`,
    ...indented([
      ...line('type', parameter.type),
      ...line('default', parameter.default),
      ...line('choices', parameter.choices?.join(', ')),
      ...line('pattern', parameter.pattern),
      ...(parameter.required ? ['required'] : []),
      ...(parameter.secret ? ['secret'] : []),
      ...text('description', parameter.description),
    ]),
  ]
}

const stepLines = (step: Step, index: number): string[] => [
  '',
  `step ${index + 1}${step.name ? `: ${step.name}` : ''}`,
  ...indented([
    ...line('type', step.type),
    ...line('id', step.id),
    ...line('target', step.target),
    ...line('interpreter', 'interpreter' in step ? step.interpreter : undefined),
    ...line('shell', 'shell' in step ? step.shell : undefined),
    ...line('time-out', step.timeoutSec && `${step.timeoutSec} s`),
    ...line('retries', step.retries),
    ...line('on error', step.onError),
    ...(step.idempotent === undefined ? [] : [step.idempotent ? 'idempotent' : 'not idempotent']),
    ...line('mode', step.mode),
    ...(step.type === 'ssh.copy' || step.type === 'winrm.copy' ? copyLines(step) : []),
    ...(step.type === 'wait' ? text('waits', stepText(step)) : []),
    ...('script' in step ? text('script', step.script) : []),
    ...('command' in step ? text('command', step.command) : []),
  ]),
]

const copyLines = (step: Extract<Step, { type: 'ssh.copy' | 'winrm.copy' }>): string[] => [
  ...line('direction', step.direction),
  ...line('from', step.from),
  ...line('to', step.to),
  ...line('permissions', 'fileMode' in step ? step.fileMode : undefined),
  ...line('owner', 'owner' in step ? step.owner : undefined),
  ...line('links', 'symlinks' in step ? step.symlinks : undefined),
  ...(step.content === undefined ? [] : text('content', step.content)),
]
