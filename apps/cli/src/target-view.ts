import type { ConnectionTest, MethodTest, Target } from '@opsconductor/contract'
import { oneLine, shownAddress, shownDuration, shownTime, stateColour, type Printer } from './print.ts'

export const showTargets = (print: Printer, targets: Target[]) =>
  print.table(
    [
      { title: 'serial', value: (each) => each.serial },
      { title: 'name', value: (each) => each.name },
      { title: 'address', value: (each) => addresses(each) },
      { title: 'environment', value: (each) => each.environment ?? '' },
      { title: 'health', value: (each) => each.health, colour: (each) => stateColour(each.health) },
      { title: 'tags', value: (each) => each.tags.join(' ') },
    ],
    targets,
  )

const addresses = (target: Target) =>
  target.methods
    .filter((method) => method.isPrimary)
    .map(({ type, config }) => shownAddress({ type, host: config.host, port: config.port }))
    .join(' ')

export const showTarget = (print: Printer, target: Target) => {
  print.facts({
    name: target.name,
    serial: target.serial,
    uuid: target.uuid,
    description: target.description,
    system: [target.osType, target.osVersion].filter(Boolean).join(' '),
    environment: target.environment,
    zone: target.zone,
    tags: target.tags.join(' '),
    status: target.archivedAt === null ? target.status : 'archived',
    health: target.health,
    tested: shownTime(target.lastTestedAt),
    created: shownTime(target.createdAt),
  })
  print.line()
  const over = new Map(
    target.jumpHosts.map(({ uuid, name, isArchived }) => [uuid, isArchived ? `${name} (archived)` : name]),
  )
  print.table(
    [
      { title: 'method', value: (each) => each.name },
      { title: 'type', value: (each) => each.type },
      { title: 'host', value: (each) => each.config.host },
      { title: 'port', value: (each) => String(each.config.port ?? '') },
      {
        title: 'over',
        value: (each) => (each.config.jumpHosts ?? []).map((uuid) => over.get(uuid) ?? uuid).join(', '),
      },
      { title: 'credentials', value: (each) => each.credentials.map((credential) => credential.name).join(', ') },
      {
        title: '',
        value: (each) => [each.isPrimary && 'primary', !each.isActive && 'inactive'].filter(Boolean).join(', '),
      },
    ],
    target.methods,
  )
}

export const showTest = (print: Printer, test: ConnectionTest) => {
  if (!test.isFinished) print.line(`${test.target.name}: no result yet. Is an executor running for its zone?`)
  for (const method of test.methods) {
    const { name } = method.method
    const address = shownAddress(method.method)
    const verdict = method.isOk
      ? print.paint('green', 'ok')
      : print.paint('red', `failed (${method.fault ?? 'unknown'})`)
    print.line(
      `${oneLine(name === address ? name : `${name} (${address})`)}: ${verdict}${method.system === null ? '' : `  ${oneLine(method.system)}`}`,
    )
    for (const line of phaseLines(method)) print.line(`  ${line}`)
    if (method.jumpHost !== undefined) print.line(`  ${oneLine(failedOnTheWay(method.jumpHost))}`)
    if (method.hostKey !== null) {
      print.line(
        `  host key ${method.hostKey.algorithm} ${method.hostKey.fingerprint}${method.hostKey.isNew ? ' (new, now pinned)' : ''}`,
      )
    }
    if (!method.isOk) print.line(`  ${oneLine(method.message)}`)
  }
}

const failedOnTheWay = ({ name, phase }: NonNullable<MethodTest['jumpHost']>) =>
  phase === null ? `no way on from the jump host ${name}` : `at the jump host ${name}: ${phase.replace('_', ' ')}`

const phaseLines = ({ phases }: MethodTest) =>
  phases.map(({ phase, status, durationMs }) =>
    `${phase.replace('_', ' ').padEnd(14)}  ${status.padEnd(7)}  ${status === 'skipped' ? '' : shownDuration(durationMs)}`.trimEnd(),
  )
