// What real Windows hosts answered, read by our own readers; and what was asked of them beside what we ask.
import { describe, expect, test } from 'vitest'
import type { PowerShellPiece } from '../../src/index.ts'
import { createDefragmenter, createFragmenter } from '../../src/psrp/fragments.ts'
import { guidBytes, MessageType, readMessage, writeMessage } from '../../src/psrp/messages.ts'
import {
  createPipelineXml,
  encodeEscapes,
  INIT_RUNSPACE_POOL,
  memberNumber,
  SESSION_CAPABILITY,
} from '../../src/psrp/objects.ts'
import { heardMessages, pipelineDialect } from '../../src/psrp/pipeline.ts'
import { decodeEscapes } from '../../src/powershell/clixml.ts'
import { Ns } from '../../src/wsman/namespaces.ts'
import { child, descendantNamed, readXml } from '../../src/wsman/xml-reader.ts'
import { dialogue, shape, shapeOf } from '../dialogues.ts'

const bodies = (name: string, action: string) =>
  dialogue('psrp', name)
    .filter(({ request }) => request.includes(`/${action}<`))
    .map(({ response }) => child(readXml(response, { maxDepth: 64, maxElements: 10_000 }), Ns.soap, 'Body')!)

/** All that a recorded pipeline said. @param index which one of the dialogue */
const pipelineSays = (name: string, index = 0) => {
  const received = dialogue('psrp', name).flatMap(({ request, response }) => {
    const id = /DesiredStream CommandId="([^"]+)"/.exec(request)?.[1]
    return id === undefined ? [] : [{ id, response }]
  })
  const pipelineId = [...new Set(received.map(({ id }) => id))].at(index)
  const dialect = pipelineDialect({ poolId: 'x', pipelineId: 'y' }, createFragmenter())
  const pieces: PowerShellPiece[] = []
  let exitCode: number | undefined
  for (const { response } of received.filter(({ id }) => id === pipelineId)) {
    const heard = dialect.hear(child(readXml(response), Ns.soap, 'Body')!)
    pieces.push(...heard.pieces)
    exitCode ??= heard.exitCode
  }
  const said = (stream: string) =>
    pieces
      .filter((piece) => piece.stream === stream)
      .map(({ data }) => data.toString())
      .join('')
  return { exitCode, said }
}

/** The messages in what was sent. */
const sent = (name: string) => {
  const defragment = createDefragmenter()
  return dialogue('psrp', name)
    .flatMap(({ request }) => [...request.matchAll(/<(?:creationXml[^>]*|rsp:Arguments|rsp:Stream[^>]*)>([^<]+)</g)])
    .flatMap(([, text]) => defragment(Buffer.from(text!, 'base64')))
}

describe('answers of real Windows hosts', () => {
  test('a runspace pool opens', () => {
    const [first, second] = bodies('test_psrp_run_protocol_version_2.3', 'Receive')
    const defragment = createDefragmenter()
    const messages = [first!, second!].flatMap((answer) => heardMessages(answer, defragment).messages)
    expect(messages.map(({ type }) => type)).toEqual([
      MessageType.sessionCapability,
      MessageType.applicationPrivateData,
      MessageType.runspacePoolState,
    ])
    expect(memberNumber(messages[2]!.data, 'RunspaceState')).toBe(2)
  })

  test('a pipeline: output, debug, and its end', () => {
    const { exitCode, said } = pipelineSays('test_psrp_run_protocol_version_2.3')
    expect(exitCode).toBe(0)
    expect(said('stdout')).toContain('message 1\r\n2\r\n')
    expect(said('debug')).toBe('Start Block\r\nEnd Block\r\n')
  })

  test('every stream by itself, and progress nowhere', () => {
    const { exitCode, said } = pipelineSays('test_psrp_stream_no_output_invocation')
    expect(exitCode).toBe(0)
    expect(said('stderr')).toContain('FullyQualifiedErrorId')
    expect(said('warning')).toBe('warning stream\r\n')
    expect(said('verbose')).toBe('verbose stream\r\n')
    expect(said('debug')).toBe('debug stream\r\n')
    expect(said('information')).toBe('information stream\r\n')
    expect(said('stdout')).not.toContain('Preparing modules')
  })

  test('exit 1 in a script is exit code 1', () => {
    expect(pipelineSays('test_psrp_pshost_methods').exitCode).toBe(1)
  })

  test('a pipeline that fails says why', () => {
    const { exitCode, said } = pipelineSays('test_psrp_with_jea_configuration', -1)
    expect(exitCode).toBe(1)
    expect(said('stderr')).toContain('The syntax is not supported by this runspace')
  })
})

describe('what we ask is what was recorded', () => {
  const poolId = 'B6710E46-0287-488A-B901-D34F9F19D4DE'
  const isIncidental = ({ name }: { name: string }) => name === 'TN' || name === 'TNRef'
  const shapeOfXml = (xml: string) => shapeOf(xml, isIncidental).map((line) => line.replace(/ RefId=\d+/, ''))
  const shapeOfMessage = (message: Buffer) =>
    shape(readMessage(message).data!, isIncidental).map((line) => line.replace(/ RefId=\d+/, ''))
  const [capability, init, create] = sent('test_psrp_pshost_methods')

  test('to open a pool', () => {
    expect(shapeOfXml(SESSION_CAPABILITY)).toEqual(shapeOfMessage(capability!))
    expect(shapeOfXml(INIT_RUNSPACE_POOL)).toEqual(shapeOfMessage(init!))
  })

  test('to create a pipeline: the same members in the same places', () => {
    const members = (message: Buffer) =>
      [
        'NoInput',
        'ApartmentState',
        'RemoteStreamOptions',
        'HostInfo',
        'PowerShell',
        'Cmds',
        'Cmd',
        'IsScript',
        'UseLocalScope',
        'MergeMyResult',
        'MergeToResult',
        'MergePreviousResults',
        'Args',
        'MergeError',
        'MergeWarning',
        'MergeVerbose',
        'MergeDebug',
        'MergeInformation',
        'History',
        'RedirectShellErrorOutputPipe',
        'IsNested',
      ].filter((name) => descendantNamed(readMessage(message).data, name) === undefined)
    const ours = writeMessage(MessageType.createPipeline, poolId, poolId, createPipelineXml('x', false, true))
    expect(members(ours)).toEqual([])
    expect(members(create!)).toEqual([])
  })

  test('a GUID in the order of .NET', () => {
    expect(guidBytes('00112233-4455-6677-8899-aabbccddeeff').toString('hex')).toBe('33221100554477668899aabbccddeeff')
  })

  test.each(['a\r\nb', '_x000D_', 'tab\t', '🙂 ü <&>', '\0\u001f'])('text that comes back as it was: %j', (text) => {
    expect(decodeEscapes(encodeEscapes(text))).toBe(text)
  })
})
