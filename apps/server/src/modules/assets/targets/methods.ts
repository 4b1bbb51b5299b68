import { type FieldProblem, type MethodInput, type MethodType, addressOf, methodTitles } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { invalid } from '../../../kernel/errors.ts'
import { newUuid } from '../../../kernel/identifiers.ts'
import { chooseJumpHosts } from './chosen-jump-hosts.ts'
import { wayTo } from './jump-hosts.ts'
import { refuseLeadingAstray, refuseLeadingOthersAstray, refuseLosingKeys } from './method-guards.ts'
import * as store from './methods.store.ts'

/** What logs in over a method; the others take whatever credential they are given until they have a wire. */
const credentialTypes: Partial<Record<MethodType, readonly string[]>> = {
  ssh: [
    'password',
    'ssh_key',
    'ssh_certificate',
    'ssh_agent',
    'ssh_system',
    'ssh_keyboard_interactive',
    'windows_domain',
  ],
  winrm: ['password', 'windows_domain', 'certificate'],
}

/** What only OpenSSH can log in with. */
const opensshTypes: readonly string[] = ['ssh_certificate', 'ssh_system']

/**
 * Makes a target's methods what the input says: those with a UUID are kept, the others are new, and those not named are
 * removed. Runs in the transaction of the target's own change.
 *
 * @throws Refusal `invalid` with a path below `methods`; `forbidden` where a secret or a pinned key is at stake
 */
export const replaceMethods = async (
  ctx: Context,
  target: { id: number; uuid: string; name: string; zone: string; methods: readonly store.TargetMethod[] },
  given: readonly MethodInput[],
): Promise<void> => {
  const { id: targetId, methods: existing } = target
  const { inputs, mistakes: mistakesOfWays, known } = await chooseJumpHosts(ctx, target, given)
  const wanted = inputs.map(credentialsOf)
  const credentials = await store.lockCredentials(ctx.db, [...new Set(wanted.flat().map(({ ref }) => ref))])
  const mistakes = [
    ...mistakesOfWays,
    ...inputs.flatMap((input, index) => mistakesOfUuid(input, index, inputs, existing)),
    ...inputs.flatMap((input, index) => mistakesOfCredentials(input, wanted[index] ?? [], index, credentials)),
  ]
  if (mistakes.length > 0) throw invalid(mistakes)
  const methods = inputs.map((input, index) => ({
    ...input,
    credentials: (wanted[index] ?? []).flatMap(({ ref, isPrimary, path }) => {
      const credential = credentials.get(ref)
      return credential === undefined ? [] : [{ ...credential, isPrimary, path }]
    }),
  }))
  const marked = inputs.findIndex(({ isPrimary }) => isPrimary)
  const primary = Math.max(0, marked)
  refuseLeadingAstray(ctx, existing, methods, (method) => wayTo(target, method, known).hops)
  await refuseLeadingOthersAstray(ctx, target.uuid, existing, inTheirOrder(methods, primary))
  await refuseLosingKeys(ctx, targetId, existing, methods)

  await store.clearMethods(
    ctx.db,
    targetId,
    inputs.flatMap(({ uuid }) => uuid ?? []),
  )
  for (const [index, { credentials: chosen, ...input }] of methods.entries()) {
    const methodId = await store.saveMethod(ctx.db, targetId, {
      uuid: input.uuid ?? newUuid(),
      type: input.type,
      name: nameOf(input, existing),
      isPrimary: index === primary,
      priority: input.priority ?? index + 1,
      isActive: input.isActive,
      config: input.config,
    })
    const first = Math.max(
      0,
      chosen.findIndex(({ isPrimary }) => isPrimary),
    )
    await store.insertMethodCredentials(
      ctx.db,
      methodId,
      chosen.map(({ id }, place) => ({ credentialId: id, isPrimary: place === first })),
    )
  }
}

/** How a method is told from its siblings where nobody named it: `ssh 10.0.0.1:22`. */
export const generatedName = (method: Pick<MethodInput, 'type' | 'config'>): string => {
  const { host, port } = addressOf(method)
  return method.type === 'local' ? 'local' : `${method.type} ${host.includes(':') ? `[${host}]` : host}:${port}`
}

// a generated name follows the address, a chosen one stays
const nameOf = (input: MethodInput, existing: readonly store.MethodRow[]): string => {
  const before = existing.find(({ uuid }) => uuid === input.uuid)
  const wasGenerated = before === undefined || before.name === generatedName(before)
  const isUnchanged = input.name === undefined || input.name === before?.name
  return isUnchanged ? (wasGenerated ? generatedName(input) : before.name) : (input.name ?? generatedName(input))
}

/** As they will be read: the primary before the others, those by priority. */
const inTheirOrder = <M extends Pick<MethodInput, 'priority'>>(methods: readonly M[], primary: number): M[] =>
  methods
    .map((method, index) => ({ method, rank: index === primary ? 0 : (method.priority ?? index + 1) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ method }) => method)

type Wanted = { ref: string; isPrimary: boolean; path: string }

/** The credentials a method asks for; `none` asks for none. */
const credentialsOf = ({ credential, credentials }: MethodInput, index: number): Wanted[] => {
  const all =
    credential === undefined
      ? (credentials ?? []).map((item, place) => ({
          ref: item.credential,
          isPrimary: item.isPrimary,
          path: `methods.${index}.credentials.${place}.credential`,
        }))
      : [{ ref: credential, isPrimary: true, path: `methods.${index}.credential` }]
  return all.filter(({ ref }) => ref.toLowerCase() !== 'none')
}

const mistakesOfUuid = (
  { uuid }: MethodInput,
  index: number,
  inputs: readonly MethodInput[],
  existing: readonly store.MethodRow[],
): FieldProblem[] => {
  if (uuid === undefined) return []
  const path = `methods.${index}.uuid`
  if (!existing.some((method) => method.uuid === uuid))
    return [{ path, message: 'this target has no such method; leave the UUID out to add one' }]
  const isRepeated = inputs.findIndex((other) => other.uuid === uuid) < index
  return isRepeated ? [{ path, message: 'the same method twice' }] : []
}

const mistakesOfCredentials = (
  { type, config }: MethodInput,
  wanted: readonly Wanted[],
  index: number,
  credentials: ReadonlyMap<string, store.CredentialChoice>,
): FieldProblem[] => {
  const mistakes = wanted.flatMap(({ ref, path }, place): FieldProblem[] => {
    const credential = credentials.get(ref)
    if (credential === undefined) return [{ path, message: `there is no credential "${ref}"` }]
    const fitting = credentialTypes[type]
    if (fitting !== undefined && !fitting.includes(credential.type))
      return [{ path, message: whyNot(credential, type, fitting) }]
    if (opensshTypes.includes(credential.type) && config.sshClient === 'ssh2')
      return [{ path, message: `"${credential.name}" needs OpenSSH as the client of this method` }]
    const isRepeated = wanted.findIndex((other) => credentials.get(other.ref)?.id === credential.id) < place
    return isRepeated ? [{ path, message: 'the same credential twice' }] : []
  })
  return wanted.filter(({ isPrimary }) => isPrimary).length <= 1
    ? mistakes
    : [...mistakes, { path: `methods.${index}.credentials`, message: 'only one credential can be primary' }]
}

const whyNot = (credential: store.CredentialChoice, type: MethodType, fitting: readonly string[]) =>
  `"${credential.name}" is of type ${credential.type}; ${methodTitles[type]} takes ${choice.format(fitting)}`

const choice = new Intl.ListFormat('en', { type: 'disjunction' })
