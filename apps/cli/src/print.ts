import { stripVTControlCharacters, styleText } from 'node:util'

/** What opsctl ends with. Scripts rely on it: a number keeps its meaning. */
export const exitCodes = {
  success: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  notFound: 4,
  unreachable: 5,
  cancelled: 6,
  conflict: 7,
  serverFault: 8,
  needsAttention: 9,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitMeanings: Record<keyof typeof exitCodes, string> = {
  success: 'done; with --follow: the execution completed',
  failed: 'the execution, or the connection test, failed',
  usage: 'wrong usage, a file that cannot be read, or input the server found not valid',
  denied: 'not logged in, or not allowed',
  notFound: 'there is no such thing',
  unreachable: 'the server cannot be reached or is not ready; try again later',
  cancelled: 'the execution was cancelled',
  conflict: 'not possible as things are now: the plan has changed, the name is taken, …',
  serverFault: 'the server failed; the request id leads to its log',
  needsAttention: 'nobody knows what became of a branch: somebody has to look',
  interrupted: 'interrupted; an execution that was followed goes on',
}

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'magenta' | 'dim' | 'bold'

/** A column is as wide as its widest cell; on a terminal the last one gives way where a line would wrap. */
export type Column<Row> = { title: string; value: (row: Row) => string; colour?: (row: Row) => Colour | undefined }

export type Out = { write: (text: string | Uint8Array) => unknown; isTTY?: boolean; columns?: number }

export type Printer = ReturnType<typeof createPrinter>

type Options = { stdout: Out; stderr: Out; isJson: boolean; isColoured: boolean }

/**
 * The only way to the terminal. stdout carries answers and output, stderr everything said about them. With `isJson`
 * nothing but JSON may reach stdout.
 */
export const createPrinter = ({ stdout, stderr, isJson, isColoured }: Options) => {
  const paintFor = (out: Out) => (colour: Colour | undefined, text: string) =>
    isColoured && out.isTTY === true && colour !== undefined && text !== ''
      ? styleText(colour, text, { validateStream: false })
      : text
  const paint = paintFor(stdout)

  const line = (text = '') => void stdout.write(`${text}\n`)
  const json = (value: unknown) => line(JSON.stringify(value, null, stdout.isTTY === true ? 2 : undefined))

  return {
    isJson,
    /** Do answers and notes stand on the same screen? */
    isTerminal: stdout.isTTY === true && stderr.isTTY === true,
    paint,
    paintNote: paintFor(stderr),
    line,
    /** Bytes or text exactly as they are. */
    raw: (text: string | Uint8Array) => void stdout.write(text),
    rawError: (text: string) => void stderr.write(text),
    /** About the work rather than its result: goes to stderr, one line, free of control characters. */
    note: (text: string, colour?: Colour) => void stderr.write(`${paintFor(stderr)(colour, text)}\n`),
    jsonLine: (value: unknown) => line(JSON.stringify(value)),
    /** The answer of a command: its JSON, or what a person reads. */
    answer: (value: unknown, show: () => void) => (isJson ? json(value) : show()),
    table: <Row>(columns: Column<Row>[], rows: readonly Row[]) => {
      for (const text of tableLines(columns, rows, stdout.isTTY === true ? (stdout.columns ?? 80) : Infinity, paint)) {
        line(text)
      }
    },
    /** Facts about one thing, name before value; those without a value are left out. */
    facts: (facts: Record<string, string | number | null | undefined>) => {
      const shown = Object.entries(facts).filter(([, value]) => value != null && value !== '')
      const width = Math.max(0, ...shown.map(([name]) => name.length))
      for (const [name, value] of shown) line(`${paint('dim', name.padEnd(width))}  ${oneLine(String(value))}`)
    },
  }
}

export const tableLines = <Row>(
  columns: Column<Row>[],
  rows: readonly Row[],
  width = Infinity,
  paint: (colour: Colour | undefined, text: string) => string = (_, text) => text,
) => {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.value(row))))
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index] ?? ''))),
  )
  const last = columns.length - 1
  const before = widths.slice(0, last).reduce((sum, each) => sum + each + 2, 0)
  const room = Math.max(12, width - before)
  const lay = (texts: string[], colours: (Colour | undefined)[]) =>
    texts
      .map((text, index) => {
        if (index === last) return paint(colours[index], cut(text, room))
        return paint(colours[index], text) + ' '.repeat((widths[index] ?? 0) - displayWidth(text))
      })
      .join('  ')
      .trimEnd()
  return [
    lay(
      columns.map((column) => column.title.toUpperCase()),
      columns.map(() => 'dim'),
    ),
    ...rows.map((row, index) =>
      lay(
        cells[index] ?? [],
        columns.map((column) => column.colour?.(row)),
      ),
    ),
  ]
}

/** Text from elsewhere on one line and without escape sequences: a name must not be able to move the cursor. */
export const oneLine = (text: string) => stripVTControlCharacters(text).replace(/\p{Cc}+/gu, ' ')

const wide = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u

/** Columns of a terminal that a text takes. */
export const displayWidth = (text: string) =>
  [...new Intl.Segmenter().segment(text)].reduce((sum, { segment }) => sum + (wide.test(segment) ? 2 : 1), 0)

const cut = (text: string, width: number) => {
  if (displayWidth(text) <= width) return text
  let shown = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (displayWidth(shown + segment) > width - 1) break
    shown += segment
  }
  return `${shown}…`
}

/** `ssh 10.0.0.1:22`; a way that has no port shows none. */
export const shownAddress = ({ type, host, port }: { type: string; host: string; port?: number | undefined }) =>
  `${type} ${host}${port === undefined || port === 0 ? '' : `:${port}`}`

/** Local time, as a person reads it; JSON keeps UTC. */
export const shownTime = (time: string | null) =>
  time === null ? '' : new Date(time).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })

/** `350 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`. */
export const shownDuration = (durationMs: number) => {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`
  const seconds = Math.round(durationMs / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

const stateColours: Record<string, Colour> = {
  completed: 'green',
  healthy: 'green',
  active: 'green',
  running: 'blue',
  queued: 'cyan',
  scheduled: 'cyan',
  failed: 'red',
  critical: 'red',
  error: 'red',
  lost: 'magenta',
  unknown: 'magenta',
  cancelled: 'yellow',
  warning: 'yellow',
  skipped: 'dim',
  archived: 'dim',
}
export const stateColour = (state: string) => stateColours[state]
