// MS-PSRP 2.2.5: as much of the serialisation as the client's own messages and their answers need.
import { decodeEscapes } from '../powershell/clixml.ts'
import { xmlText } from '../wsman/xml-text.ts'
import { descendantNamed, type XmlElement } from '../wsman/xml-reader.ts'

/** What XML cannot hold, and what looks like an escape itself, as `_xHHHH_`. MS-PSRP 2.2.5.3.2 */
export const encodeEscapes = (text: string): string =>
  text
    .replaceAll(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_')
    // line ends too: a reader of XML would make one of them
    .replaceAll(/[^\u0020-\ud7ff\ue000-\ufffd]/g, (unit) => {
      const code = unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
      return `_x${code}_`
    })

export const stringXml = (text: string, name?: string): string =>
  `<S${name === undefined ? '' : ` N="${name}"`}>${xmlText(encodeEscapes(text))}</S>`

const HOST =
  `<MS><B N="_isHostNull">false</B><B N="_isHostUINull">true</B><B N="_isHostRawUINull">true</B>` +
  `<B N="_useRunspaceHost">false</B></MS>`

/** SESSION_CAPABILITY, MS-PSRP 2.2.2.1. */
export const SESSION_CAPABILITY =
  '<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>' +
  '<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'

const enumeration = (name: string, type: string, ref: number, text: string, value: number) =>
  `<Obj N="${name}" RefId="${ref}"><TN RefId="${ref}"><T>${type}</T><T>System.Enum</T><T>System.ValueType</T>` +
  `<T>System.Object</T></TN><ToString>${text}</ToString><I32>${value}</I32></Obj>`

const RUNSPACES = 'System.Management.Automation.Runspaces'

/** INIT_RUNSPACEPOOL with a single runspace, MS-PSRP 2.2.2.2. */
export const INIT_RUNSPACE_POOL =
  `<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32>` +
  enumeration('PSThreadOptions', `${RUNSPACES}.PSThreadOptions`, 1, 'Default', 0) +
  enumeration('ApartmentState', `${RUNSPACES}.ApartmentState`, 2, 'UNKNOWN', 2) +
  `<Obj N="HostInfo" RefId="3">${HOST}</Obj><Nil N="ApplicationArguments"/></MS></Obj>`

const LIST =
  'System.Collections.Generic.List`1[[System.Management.Automation.PSObject, System.Management.Automation, Version=1.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]'

const MERGE_TYPE = `${RUNSPACES}.PipelineResultTypes`

/** One command of a pipeline, MS-PSRP 2.2.3.11; nothing is merged. */
const commandXml = (text: string, isScript: boolean, args: string, ref: number) => {
  const merges = ['MyResult', 'ToResult', 'PreviousResults', 'Error', 'Warning', 'Verbose', 'Debug', 'Information']
  const merged = merges.map((name, at) => enumeration(`Merge${name}`, MERGE_TYPE, ref + 1 + at, 'None', 0)).join('')
  return (
    `<Obj RefId="${ref}"><MS>${stringXml(text, 'Cmd')}<B N="IsScript">${isScript}</B><B N="UseLocalScope">${isScript}</B>` +
    `${merged}<Obj N="Args" RefId="${ref + 20}"><TN RefId="${ref + 20}"><T>${LIST}</T><T>System.Object</T></TN>` +
    `<LST>${args}</LST></Obj></MS></Obj>`
  )
}

const argument = (name: string, value: string, ref: number) =>
  `<Obj RefId="${ref}"><MS>${stringXml(name, 'N')}${value}</MS></Obj>`

/** CREATE_PIPELINE, MS-PSRP 2.2.2.10. @param isShown whether its output comes as lines of text, as a console would show it */
export const createPipelineXml = (script: string, hasInput: boolean, isShown: boolean): string => {
  const lines = argument('Stream', '<B N="V">true</B>', 70) + argument('Width', '<I32 N="V">4096</I32>', 71)
  return (
    `<Obj RefId="0"><MS><B N="NoInput">${!hasInput}</B>` +
    enumeration('ApartmentState', `${RUNSPACES}.ApartmentState`, 1, 'UNKNOWN', 2) +
    enumeration('RemoteStreamOptions', `${RUNSPACES}.RemoteStreamOptions`, 2, '0', 0) +
    `<B N="AddToHistory">false</B><Obj N="HostInfo" RefId="3">${HOST}</Obj>` +
    `<Obj N="PowerShell" RefId="4"><MS><B N="IsNested">false</B><Nil N="ExtraCmds"/>` +
    `<Obj N="Cmds" RefId="5"><TN RefId="5"><T>${LIST}</T><T>System.Object</T></TN>` +
    `<LST>${commandXml(script, true, '', 10)}${isShown ? commandXml('Out-String', false, lines, 40) : ''}</LST></Obj>` +
    `<Nil N="History"/><B N="RedirectShellErrorOutputPipe">false</B></MS></Obj><B N="IsNested">false</B></MS></Obj>`
  )
}

/** A member of an object, by its name. */
export const member = (object: XmlElement | undefined, name: string): XmlElement | undefined =>
  object?.children
    .filter((part) => part.name === 'MS' || part.name === 'Props')
    .flatMap((part) => part.children)
    .find((part) => part.attributes.get('N') === name)

export const memberNumber = (object: XmlElement | undefined, name: string): number | undefined => {
  const value = Number(member(object, name)?.text.trim() || 'none')
  return Number.isInteger(value) ? value : undefined
}

/** An object as text: a string's own, otherwise what ToString has said. */
export const shown = (object: XmlElement | undefined): string => {
  if (object === undefined) return ''
  const text = object.name === 'Obj' ? object.children.find(({ name }) => name === 'ToString')?.text : object.text
  return decodeEscapes(text ?? '')
}

/** An error as a console shows it: its message, where it happened, and the number of its kind. MS-PSRP 2.2.3.15 */
export const shownError = (record: XmlElement | undefined): string => {
  const position = shown(descendantNamed(record, 'PositionMessage'))
  const id = shown(member(record, 'FullyQualifiedErrorId'))
  const category = shown(member(record, 'ErrorCategory_Message'))
  const details = [
    position === '' ? '' : position,
    category === '' ? '' : `    + CategoryInfo          : ${category}`,
    id === '' ? '' : `    + FullyQualifiedErrorId : ${id}`,
  ]
  return [shown(record), ...details.filter((line) => line !== '')].map((line) => `${line}\r\n`).join('')
}
