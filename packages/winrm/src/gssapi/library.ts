import { platform } from 'node:os'
import { WinrmError } from '../errors.ts'

/** A pointer of the library's; null is its GSS_C_NO_…. */
export type Pointer = bigint | null

/** gss_buffer_desc on its way in. */
export type InBuffer = { readonly length: number; readonly value: Uint8Array | null }
/** gss_buffer_desc on its way out: the library's memory, to be copied and released. */
export type OutBuffer = { length?: number | bigint; value?: Pointer }
/** gss_OID_desc. */
export type Oid = { readonly length: number; readonly elements: Uint8Array }

type Call<A extends unknown[]> = ((...args: A) => number) & {
  async(...args: [...A, (error: Error | null, status: number) => void]): void
}

/** The functions of RFC 2744 that are used; out parameters are arrays of one. The first is always the minor status. */
export type Library = {
  readonly importName: Call<[number[], InBuffer, Oid, Pointer[]]>
  readonly acquireWithPassword: Call<[number[], Pointer, InBuffer, number, null, number, Pointer[], null, null]>
  readonly initContext: Call<
    [
      number[],
      Pointer,
      Pointer[],
      Pointer,
      Oid,
      number,
      number,
      Bindings | null,
      InBuffer | null,
      null,
      OutBuffer,
      number[],
      null,
    ]
  >
  readonly acceptContext: Call<
    [number[], Pointer[], Pointer, InBuffer, Bindings | null, null, null, OutBuffer, number[], null, null]
  >
  readonly wrap: Call<[number[], Pointer, number, number, InBuffer, number[], OutBuffer]>
  readonly unwrap: Call<[number[], Pointer, InBuffer, OutBuffer, number[], null]>
  readonly displayStatus: Call<[number[], number, number, Oid | null, number[], OutBuffer]>
  readonly releaseBuffer: Call<[number[], OutBuffer]>
  readonly releaseName: Call<[number[], Pointer[]]>
  readonly releaseCredential: Call<[number[], Pointer[]]>
  readonly deleteContext: Call<[number[], Pointer[], null]>
  /** Copies the library's memory. */
  copy(buffer: OutBuffer): Buffer
}

/** gss_channel_bindings_struct. */
export type Bindings = {
  readonly initiatorType: number
  readonly initiator: InBuffer
  readonly acceptorType: number
  readonly acceptor: InBuffer
  readonly data: InBuffer
}

const NAMES =
  platform() === 'darwin' ? ['/System/Library/Frameworks/GSS.framework/GSS'] : ['libgssapi_krb5.so.2', 'libgssapi.so.3']

const load = async (): Promise<Library> => {
  const { default: koffi } = await import('koffi').catch((error: unknown) => {
    throw new WinrmError('Kerberos needs the optional package koffi: install it beside this one.', { cause: error })
  })
  const open = () => {
    for (const name of NAMES) {
      try {
        return koffi.load(name)
      } catch {
        // the next one
      }
    }
    throw new WinrmError(
      `Kerberos needs the system's GSSAPI library (${NAMES.join(' or ')}): install libgssapi-krb5-2 (Debian, Ubuntu) or krb5-libs (Fedora, RHEL).`,
    )
  }
  const library = open()
  const buffer = koffi.struct({ length: 'size_t', value: 'uint8_t *' })
  const oid = koffi.struct({ length: 'uint32_t', elements: 'uint8_t *' })
  const bindings = koffi.struct({
    initiatorType: 'uint32_t',
    initiator: buffer,
    acceptorType: 'uint32_t',
    acceptor: buffer,
    data: buffer,
  })
  const minor = koffi.out('uint32_t *')
  const number = koffi.out('uint32_t *')
  const made = koffi.out(koffi.pointer('void *'))
  const held = koffi.inout(koffi.pointer('void *'))
  const input = koffi.pointer(buffer)
  const output = koffi.out(koffi.pointer(buffer))
  const type = koffi.pointer(oid)
  const bound = koffi.pointer(bindings)
  const define = <A extends unknown[]>(name: string, args: Parameters<typeof koffi.out>[0][]) =>
    library.func(name, 'uint32_t', args) as unknown as Call<A>

  return {
    importName: define('gss_import_name', [minor, input, type, made]),
    acquireWithPassword: define('gss_acquire_cred_with_password', [
      minor,
      'void *',
      input,
      'uint32_t',
      'void *',
      'int',
      made,
      'void *',
      'void *',
    ]),
    initContext: define('gss_init_sec_context', [
      minor,
      'void *',
      held,
      'void *',
      type,
      'uint32_t',
      'uint32_t',
      bound,
      input,
      'void *',
      output,
      number,
      'void *',
    ]),
    acceptContext: define('gss_accept_sec_context', [
      minor,
      held,
      'void *',
      input,
      bound,
      'void *',
      'void *',
      output,
      number,
      'void *',
      'void *',
    ]),
    wrap: define('gss_wrap', [minor, 'void *', 'int', 'uint32_t', input, number, output]),
    unwrap: define('gss_unwrap', [minor, 'void *', input, output, number, 'void *']),
    displayStatus: define('gss_display_status', [minor, 'uint32_t', 'int', type, koffi.inout('uint32_t *'), output]),
    releaseBuffer: define('gss_release_buffer', [minor, koffi.inout(koffi.pointer(buffer))]),
    releaseName: define('gss_release_name', [minor, held]),
    releaseCredential: define('gss_release_cred', [minor, held]),
    deleteContext: define('gss_delete_sec_context', [minor, held, 'void *']),
    copy({ length = 0, value }) {
      const size = Number(length)
      return size === 0 || value == null ? Buffer.alloc(0) : Buffer.from(Buffer.from(koffi.view(value, size)))
    },
  }
}

let loading: Promise<Library> | undefined

/** Loads it with the first use. @throws WinrmError that says what to install */
export const gssapi = (): Promise<Library> => (loading ??= load())
