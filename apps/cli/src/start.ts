import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  api,
  type Execution,
  hasTexts,
  type JobDetail,
  type Plan,
  type PlanDiff,
  ProblemError,
  sayPlanChange,
  type StartRequest,
  type Values,
} from '@opsconductor/contract'
import { Failure } from './failure.ts'
import type { Opsctl } from './opsctl.ts'
import { oneLine, shownAddress, type Printer } from './print.ts'
import { readText, withoutLineEnd } from './read-input.ts'
import { argumentValues, missingSecrets, parseAssignment, typedValue } from './values.ts'

const attempts = 3

/** Starts a job once, however often the connection is cut meanwhile: every attempt carries the same key. */
export const startOnce = async ({ call, print }: Opsctl, ref: string, body: StartRequest): Promise<Execution> => {
  const headers = { 'idempotency-key': randomUUID() }
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(api.executions.start, { params: { ref }, body }, { headers })
    } catch (error) {
      if (attempt === attempts || !(error instanceof Failure) || error.kind !== 'unreachable') throw error
      print.note(`${error.message}; trying again …`, 'dim')
      await sleep(500 * attempt)
    }
  }
}

export type ValueOptions = { parameter?: string[]; parameterFile?: string[] }

/** Values for a run: from arguments, from files, and, for secrets that are missing, from the terminal. */
export const valuesFor = async ({ asker }: Opsctl, job: JobDetail, options: ValueOptions): Promise<Values> => {
  const parameters = job.document.parameters ?? {}
  const values = argumentValues(options.parameter ?? [], parameters)
  for (const assignment of options.parameterFile ?? []) {
    const { name, value: file } = parseAssignment(assignment, '--parameter-file')
    values[name] = typedValue(name, withoutLineEnd(await readText(asker, file)), parameters[name])
  }
  for (const name of missingSecrets(parameters, values)) {
    const otherwise = `${job.name} needs a value for ${name}: give --parameter-file ${name}=<file>, where - is stdin`
    values[name] = await asker.secret(name, otherwise)
  }
  return values
}

/** Which target gets exactly which command. */
export const showPlan = (print: Printer, plan: Plan) => {
  print.line(
    `${oneLine(plan.job.name)} (${plan.job.serial}, version ${plan.job.version}) on ${plan.branches.length} target${plan.branches.length === 1 ? '' : 's'}`,
  )
  for (const { number, target, batch, steps } of plan.branches) {
    print.line()
    print.line(
      print.paint('bold', `${number} ${oneLine(target.name)}`) +
        print.paint('dim', ` ${target.serial}  batch ${batch}`),
    )
    for (const step of steps) {
      const how = [
        ...(step.method === null
          ? []
          : [
              [shownAddress(step.method), ...(step.method.via ?? []).map((name) => `via ${name}`)].join(' '),
              step.credential ?? 'no credential',
              step.mode,
            ]),
        step.timeoutSec === null ? '' : `at most ${step.timeoutSec} s`,
      ]
      const where = step.target.uuid === target.uuid ? '' : ` on ${oneLine(step.target.name)}`
      const said = how.filter(Boolean).join(', ')
      print.line(`  ${oneLine(step.name)} (${step.type})${where}${said && ': '}${said}`)
      for (const line of step.command.replace(/\n$/, '').split('\n')) print.line(`    ${oneLine(line)}`)
      if (step.dependsOn.length > 0)
        print.line(print.paint('dim', `    uses ${step.dependsOn.join(', ')}, known only when it runs`))
    }
  }
  print.line()
  if (plan.sinceSuccess !== null) {
    const { execution, diff } = plan.sinceSuccess
    print.line(
      diff.total === 0
        ? `the same as ${execution.ref}, the last that completed`
        : `different from ${execution.ref}, the last that completed:`,
    )
    showDiff(diff, print.line, print.paint)
    print.line()
  }
  for (const warning of plan.warnings) print.note(`warning: ${oneLine(warning)}`, 'yellow')
  print.line(`plan ${plan.hash}`)
}

/** Why a plan that was asked for is not run any more. */
export const showChanges = (print: Printer, error: unknown) => {
  if (print.isJson || !(error instanceof ProblemError) || error.problem.diff === undefined) return
  showDiff(error.problem.diff, (text) => print.note(text), print.paintNote)
}

const changesShown = 50

const showDiff = ({ changes, total }: PlanDiff, line: (text: string) => void, paint: Printer['paint']) => {
  const shown = changes.slice(0, changesShown)
  for (const change of shown) {
    line(`  ${oneLine(sayPlanChange(change))}`)
    if (!hasTexts(change)) continue
    for (const text of change.before?.split('\n') ?? []) line(paint('red', `    - ${oneLine(text)}`))
    for (const text of change.after?.split('\n') ?? []) line(paint('green', `    + ${oneLine(text)}`))
  }
  if (total > shown.length) line(`  and ${total - shown.length} more`)
}
