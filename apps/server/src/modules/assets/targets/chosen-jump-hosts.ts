import type { FieldProblem, MethodInput } from '@opsconductor/contract'
import type { Context } from '../../../kernel/context.ts'
import { type KnownHops, readHops, wayTo } from './jump-hosts.ts'
import { findJumpTargets } from './jump-hosts.store.ts'
import type { TargetMethod } from './methods.store.ts'

export type Chosen = {
  /** As given, with the jump hosts by UUID. */
  inputs: MethodInput[]
  mistakes: FieldProblem[]
  /** All machines on the way to the methods as they were and as they are to be. */
  known: KnownHops
}

/** Finds the jump hosts that methods name, and looks whether the ways over them can be gone. */
export const chooseJumpHosts = async (
  ctx: Context,
  target: { uuid: string; name: string; zone: string; methods: readonly TargetMethod[] },
  given: readonly MethodInput[],
): Promise<Chosen> => {
  const refs = [...new Set(given.flatMap(({ config }) => config.jumpHosts ?? []))].filter((ref) => !ref.includes('\0'))
  const uuids = await findJumpTargets(ctx.db, refs)
  const inputs = given.map((input) => withUuids(input, uuids))
  const known = await readHops(ctx, [...target.methods, ...inputs])
  const mistakes = given.flatMap(({ type, config }, index): FieldProblem[] => {
    const path = `methods.${index}.config.jumpHosts`
    if (type !== 'ssh') {
      const fields = (['jumpHosts', 'sshClient'] as const).filter((field) => config[field] !== undefined)
      return fields.map((field) => ({ path: `methods.${index}.config.${field}`, message: 'only an SSH method has it' }))
    }
    const unknown = (config.jumpHosts ?? []).flatMap((ref, place): FieldProblem[] =>
      uuids.has(ref) ? [] : [{ path: `${path}.${place}`, message: `there is no target "${ref}"` }],
    )
    const { problem } = wayTo(target, inputs[index] ?? { config }, known)
    return unknown.length > 0 || problem === null ? unknown : [{ path, message: problem }]
  })
  return { inputs, mistakes, known }
}

const withUuids = (input: MethodInput, uuids: ReadonlyMap<string, string>): MethodInput => {
  const config = { ...input.config }
  const jumpHosts = config.jumpHosts?.flatMap((ref) => uuids.get(ref) ?? [])
  if (jumpHosts === undefined || jumpHosts.length === 0) delete config.jumpHosts
  else config.jumpHosts = jumpHosts
  return { ...input, config }
}
