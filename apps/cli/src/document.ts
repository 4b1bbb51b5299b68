import { ProblemError, type FieldProblem } from '@opsconductor/contract'
import { LineCounter, isNode, parseAllDocuments, stringify, type Document } from 'yaml'
import { Failure, fieldText } from './failure.ts'

/** One document of a file, and where in the file each of its parts stands. */
export type Source = {
  value: unknown
  /** `job.yaml:12:5` of a dotted path such as `steps.0.command`, or of the nearest part around it. */
  placeOf: (path: string) => string
}

/**
 * Reads YAML or JSON (which is YAML); a file may hold several documents between `---`. Duplicate keys, unknown tags and
 * anything else that cannot be read exactly as written is refused with its line and column.
 */
export const readDocuments = (text: string, name: string): Source[] => {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, version: '1.2', uniqueKeys: true })
  if (!Array.isArray(documents)) throw new Failure('usage', `${name} is empty`)
  const sources = documents.map((document) => sourceOf(document, name, lines)).filter((source) => source.value !== null)
  if (sources.length === 0) throw new Failure('usage', `${name} is empty`)
  return sources
}

const sourceOf = (document: Document.Parsed, name: string, lines: LineCounter): Source => {
  const [trouble] = [...document.errors, ...document.warnings]
  if (trouble !== undefined) {
    const { line, col } = lines.linePos(trouble.pos[0])
    const reason = trouble.message.split(/ at line |\n/)[0] ?? trouble.message
    throw new Failure('usage', `${name}:${line}:${col} cannot be read: ${reason}`, { cause: trouble })
  }
  return {
    value: valueOf(document, name),
    placeOf: (path) => {
      for (let keys = path === '' ? [] : path.split('.'); ; keys = keys.slice(0, -1)) {
        const node: unknown = keys.length === 0 ? document.contents : document.getIn(keys, true)
        if (isNode(node) && node.range != null) {
          const { line, col } = lines.linePos(node.range[0])
          return `${name}:${line}:${col}`
        }
        if (keys.length === 0) return name
      }
    },
  }
}

const valueOf = (document: Document.Parsed, name: string): unknown => {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    // an alias to nothing, or so many that a few lines become gigabytes
    const reason = error instanceof Error ? error.message : String(error)
    throw new Failure('usage', `${name} cannot be read: ${reason}`, { cause: error })
  }
}

/** The server's word about a document, with the places in the file it came from. */
export const withPlaces = (error: unknown, source: Source) => {
  const fields = error instanceof ProblemError ? error.problem.fields : undefined
  if (!(error instanceof ProblemError) || fields === undefined || fields.length === 0) return error
  const placed = (field: FieldProblem) => ({
    path: `${source.placeOf(field.path)}${field.path === '' ? '' : ` ${field.path}`}`,
    message: field.message,
  })
  const { detail } = error.problem
  const [only, more] = fields
  const saysOnlyThat = only !== undefined && more === undefined && detail === fieldText(only)
  return new ProblemError({
    ...error.problem,
    detail: saysOnlyThat ? fieldText(placed(only)) : detail,
    fields: fields.map(placed),
  })
}

/** A document as YAML that reads back as the same value; commands of several lines become blocks. */
export const writeYaml = (value: unknown) => stringify(value, { lineWidth: 0, version: '1.2' })
