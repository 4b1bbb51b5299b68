import { type Method, type Target, addressOf } from '@opsconductor/contract'

const shown = [
  'name',
  'description',
  'targetType',
  'osType',
  'osVersion',
  'environment',
  'location',
  'dataCentre',
  'region',
  'zone',
  'tags',
  'attributes',
  'status',
  'archivedAt',
] as const satisfies (keyof Target)[]

/** What an audit line says of a change: each field with its old and new value, and the methods as they are now. */
export const describeChange = (before: Target, after: Target): Record<string, unknown> => {
  const fields = shown.filter((field) => !same(before[field], after[field]))
  return {
    changed: Object.fromEntries(fields.map((field) => [field, { from: before[field], to: after[field] }])),
    ...(same(before.methods, after.methods)
      ? {}
      : { methods: { from: before.methods.map(describeMethod), to: after.methods.map(describeMethod) } }),
  }
}

/** The address and whose login; what else a method is configured with may be confidential. */
export const describeMethod = (method: Method) => ({
  type: method.type,
  ...addressOf(method),
  isPrimary: method.isPrimary,
  isActive: method.isActive,
  credentials: method.credentials.map(({ name }) => name),
  ...(method.config.jumpHosts === undefined ? {} : { jumpHosts: method.config.jumpHosts }),
})

/** Of the fields that are to have a value, those that have another one. */
export const changesOf = <F extends Partial<Target>>(before: Target, fields: F): Partial<F> =>
  Object.fromEntries(
    Object.entries(fields).filter(([field, value]) => !same(before[field as keyof Target], value)),
  ) as Partial<F>

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
