import { type FieldProblem, JobDocument } from '@opsconductor/contract'
import { checkForm } from '../../../ui/check-form.ts'
import { brokenAt } from './json-place.ts'

/** A JSON text that cannot be read: where, counted from 1. */
export type Unreadable = { line: number; column: number }

/** Reads a JSON text and says where it is broken. */
export const parseJson = (text: string): { value: unknown } | { unreadable: Unreadable } => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    const broken = brokenAt(text)
    const before = text.slice(0, broken === -1 ? text.length : broken)
    return { unreadable: { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') } }
  }
}

/** What the contract finds wrong with a document, as the server would say it. */
export const problemsOf = (document: unknown): FieldProblem[] =>
  Object.entries(checkForm(JobDocument, document)).map(([path, message]) => ({ path, message }))

/** Something that has the shape a draft needs, though it may have other faults. */
export const hasShape = (value: unknown): value is JobDocument =>
  typeof value === 'object' &&
  value !== null &&
  'steps' in value &&
  Array.isArray(value.steps) &&
  value.steps.every((step: unknown) => typeof step === 'object' && step !== null && 'type' in step) &&
  (!('parameters' in value) || (typeof value.parameters === 'object' && value.parameters !== null))
