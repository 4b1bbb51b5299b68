import {
  type MethodType,
  OsType,
  TargetHealth,
  TargetStatus,
  TargetType,
  knownEnvironments,
  methodTitles,
} from '@opsconductor/contract'
import type { z } from '@opsconductor/contract'

export const methodWords = methodTitles

export const osWords: Record<z.infer<typeof OsType>, string> = {
  linux: 'Linux',
  windows: 'Windows',
  macos: 'macOS',
  bsd: 'BSD',
  solaris: 'Solaris',
  aix: 'AIX',
  'hp-ux': 'HP-UX',
  other: 'Other',
}

const typeWords: Record<z.infer<typeof TargetType>, string> = {
  system: 'System',
  api: 'API',
  database: 'Database',
  email: 'Mail server',
  web: 'Web site',
  network: 'Network device',
  other: 'Other',
}

/** A name made of type and address says nothing beside the address; then the type alone is shown. */
export const methodLabel = ({ type, name }: { type: MethodType; name: string }) =>
  name === '' || name.startsWith(`${type} `) ? methodWords[type] : name

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

export const typeChoices = TargetType.options.map((value) => ({ value, label: typeWords[value] }))
export const osChoices = OsType.options.map((value) => ({ value, label: osWords[value] }))
export const healthChoices = TargetHealth.options.map((value) => ({ value, label: capital(value) }))
export const statusChoices = TargetStatus.options.map((value) => ({ value, label: capital(value) }))
export const environments = [...knownEnvironments]
