import { StringDecoder } from 'node:string_decoder'
import { readXml, type XmlElement } from '../wsman/xml-reader.ts'

/** What PowerShell says beside its output. */
export type RecordKind = 'error' | 'warning' | 'verbose' | 'debug'

export type PowerShellRecord = { readonly kind: RecordKind; readonly text: string }

const KINDS: Readonly<Record<string, RecordKind>> = {
  error: 'error',
  warning: 'warning',
  verbose: 'verbose',
  debug: 'debug',
}

/** Undoes `_xHHHH_`, in which CLIXML writes what XML cannot hold, surrogates and the underscore itself. MS-PSRP 2.2.5.3.2 */
export const decodeEscapes = (text: string): string =>
  text.replaceAll(/_x([0-9a-f]{4})_/gi, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** The text of one entry: a string, or an object that can be shown as one. Progress and the like have none. */
const textOf = (entry: XmlElement): string | undefined => {
  if (entry.name === 'S') return decodeEscapes(entry.text)
  const shown = entry.children.find(({ name }) => name === 'ToString')
  return shown === undefined ? undefined : `${decodeEscapes(shown.text)}\r\n`
}

/** The records of one document. Without any that is for people (progress only) there are none. */
const recordsOf = (document: string): PowerShellRecord[] => {
  const records: PowerShellRecord[] = []
  for (const entry of readXml(document).children) {
    const kind = KINDS[entry.attributes.get('S')?.toLowerCase() ?? '']
    const text = kind === undefined ? undefined : textOf(entry)
    if (kind === undefined || text === undefined) continue
    const last = records.at(-1)
    // one message comes as a string per line
    if (last?.kind === kind) records[records.length - 1] = { kind, text: last.text + text }
    else records.push({ kind, text })
  }
  return records
}

/** No document is this long; what looks like one and does not end is shown as it is. */
const MAX_DOCUMENT = 4_194_304

const HEADER = '#< CLIXML'
const BEGIN = '<Objs '
const END = '</Objs>'

export type ClixmlDecoder = {
  push(data: Buffer): PowerShellRecord[]
  end(): PowerShellRecord[]
}

/**
 * Reads the standard error of powershell.exe, in which documents and plain text may follow each other in any order.
 * What is no document is an error as it stands; bad XML, too.
 */
export const createClixmlDecoder = (): ClixmlDecoder => {
  const decoder = new StringDecoder('utf8')
  let held = ''

  const plain = (text: string): PowerShellRecord[] => {
    const shown = text.replaceAll(new RegExp(`${HEADER}\\r?\\n`, 'g'), '')
    return shown === '' ? [] : [{ kind: 'error', text: shown }]
  }

  /** How much of it cannot be the beginning of a mark that is not here whole. */
  const certain = (text: string): number => {
    for (const mark of [`${HEADER}\r\n`, BEGIN])
      for (let length = Math.min(mark.length - 1, text.length); length > 0; length--)
        if (mark.startsWith(text.slice(-length))) return text.length - length
    return text.length
  }

  const document = (text: string): PowerShellRecord[] => {
    try {
      return recordsOf(text)
    } catch {
      return plain(text)
    }
  }

  const take = (): PowerShellRecord[] => {
    const records: PowerShellRecord[] = []
    for (;;) {
      const begin = held.indexOf(BEGIN)
      if (begin === -1) {
        const length = certain(held)
        records.push(...plain(held.slice(0, length)))
        held = held.slice(length)
        return records
      }
      records.push(...plain(held.slice(0, begin)))
      held = held.slice(begin)
      const end = held.indexOf(END)
      if (end === -1) {
        if (held.length <= MAX_DOCUMENT) return records
        records.push(...plain(held))
        held = ''
        return records
      }
      records.push(...document(held.slice(0, end + END.length)))
      held = held.slice(end + END.length)
    }
  }

  return {
    push(data) {
      held += decoder.write(data)
      return take()
    },
    end() {
      held += decoder.end()
      const records = [...take(), ...plain(held)]
      held = ''
      return records
    },
  }
}
