import type { PlanChange } from './plan.ts'

/** A difference between two plans as a sentence, as web and CLI say it; the texts themselves stand beside it. */
export const sayPlanChange = ({ what, change, target, step, before, after }: PlanChange): string => {
  const who = target?.name ?? 'The plan'
  const of = step === null ? who : `${who}, ${step}`
  switch (what) {
    case 'version':
      return `The job is now version ${after ?? '?'}; it was ${before ?? '?'}.`
    case 'order':
      return 'The order of the targets has changed.'
    case 'target':
      if (step !== null) return `${of}: runs on ${after ?? '?'}, not on ${before ?? '?'}.`
      return change === 'added' ? `${who} has been added.` : `${who} is no longer part of it.`
    case 'step':
      return change === 'added' ? `${of}: is a new step.` : `${of}: is no longer a step.`
    case 'batch':
      return `${of}: is now in batch ${after ?? '?'}, before in ${before ?? '?'}.`
    case 'method':
      return `${of}: is now reached by ${after ?? '?'}, before by ${before ?? '?'}.`
    case 'credential':
      return `${of}: now uses ${after ?? 'no credential'}, before ${before ?? 'none'}.`
    case 'command':
      return `${of}: the command is another one.`
    case 'mode':
      return `${of}: now runs ${after ?? '?'}, before ${before ?? '?'}.`
    case 'timeout':
      return `${of}: ${after === null ? 'has no time limit any more' : `now has a time limit of ${after}`}; before ${before ?? 'none'}.`
  }
}

/** Whether the texts of a change are worth showing beside its sentence. */
export const hasTexts = ({ what }: PlanChange): boolean => what === 'command' || what === 'step'
