import type { OutputLine } from '@opsconductor/contract'
import { displayWidth, oneLine, type Colour, type Printer } from './print.ts'

export type Wanted = OutputLine['stream'] | undefined

type Shown = { number: string; target: string }

const branchColours: Colour[] = ['cyan', 'green', 'magenta', 'yellow', 'blue']
const longestName = 24

export type OutputLines = ReturnType<typeof createOutputLines>

/**
 * Puts output on the terminal as it came: stdout to stdout, stderr and what OpsConductor itself has to say to stderr. A
 * single branch's text passes through unchanged, unfinished lines at once; with several, whole lines stand behind the
 * branch they are from, so that no line is torn apart by another.
 */
export const createOutputLines = (
  print: Printer,
  { isPrefixed, stream: wanted }: { isPrefixed: boolean; stream?: Wanted },
) => {
  /** Unfinished lines by branch and stream. */
  const held = new Map<string, { branch: Shown; line: number; stream: OutputLine['stream']; pieces: string[] }>()
  let nameWidth = 0
  let isLineOpen = false

  const write = (stream: OutputLine['stream'], text: string) => {
    if (stream === 'stdout') print.raw(text)
    else print.rawError(stream === 'notice' ? print.paintNote('yellow', text) : text)
  }

  const prefixed = (branch: Shown, stream: OutputLine['stream'], text: string) => {
    const paint = stream === 'stdout' ? print.paint : print.paintNote
    const name = oneLine(branch.target)
    const label = `${branch.number} ${name}${' '.repeat(Math.max(0, nameWidth - displayWidth(name)))} │`
    const colour = branchColours[(Number(branch.number) - 1) % branchColours.length]
    // what one target colours must not colour the next one's line
    const reset = text.includes('\u001b[') ? '\u001b[0m' : ''
    write(stream, `${paint(colour, label)} ${text.replace(/\r$/, '')}${reset}\n`)
  }

  const take = (branch: Shown, line: OutputLine) => {
    if (wanted !== undefined && line.stream !== wanted && line.stream !== 'notice') return
    if (print.isJson) return print.jsonLine({ type: 'output', branch: branch.number, target: branch.target, ...line })
    if (!isPrefixed) {
      isLineOpen = line.continues
      return write(line.stream, line.continues ? line.text : `${line.text}\n`)
    }
    const key = `${branch.number} ${line.stream}`
    const before = held.get(key)
    // a step may end without a line end, and the next one begins a line of its own
    if (before !== undefined && before.line !== line.line) prefixed(branch, line.stream, before.pieces.join(''))
    const entry = before?.line === line.line ? before : { branch, line: line.line, stream: line.stream, pieces: [] }
    entry.pieces.push(line.text)
    if (line.continues) return void held.set(key, entry)
    held.delete(key)
    return prefixed(branch, line.stream, entry.pieces.join(''))
  }

  return {
    /** Names that will stand before lines; those within reason are aligned. */
    align: (names: readonly string[]) => {
      nameWidth = Math.max(nameWidth, ...names.map((name) => Math.min(longestName, displayWidth(oneLine(name)))))
    },
    take: (branch: Shown, lines: readonly OutputLine[]) => {
      for (const line of lines) take(branch, line)
    },
    /** The branch has ended: what is still unfinished is all there will be. */
    flush: (branchNumber: string) => {
      for (const [key, { branch, stream, pieces }] of held) {
        if (branch.number !== branchNumber) continue
        held.delete(key)
        prefixed(branch, stream, pieces.join(''))
      }
    },
    /** Is the cursor behind output without a line end? */
    isLineOpen: () => isLineOpen,
  }
}
