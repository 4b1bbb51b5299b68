import {
  ExecutionStatus,
  LogCategory,
  LogLevel,
  LogPhase,
  ResolveRequest,
  api,
  type StepResult,
} from '@opsconductor/contract'
import { Option } from 'commander'
import { showExecution, showExecutions, showLog, type BranchWithSteps } from '../execution-view.ts'
import { follow } from '../follow.ts'
import { listOptions, parseChoice, pastTime, shownPage, wholeNumber, type ListOptions } from '../list-options.ts'
import { firstItems, itemsOf, jobRef, targetRef } from '../names.ts'
import type { AddCommands, Opsctl } from '../opsctl.ts'
import { showOutput, type OutputOptions } from '../stored-output.ts'

type RerunOptions = { failed?: boolean; resume?: boolean; confirm?: boolean }
type Following = { follow?: boolean; cancelOnInterrupt?: boolean }
type ListFilters = ListOptions & {
  job?: string
  target?: string
  status?: string
  needsAttention?: boolean
  since?: string
  until?: string
}
type LogFilters = { phase?: string; level?: string; category?: string; branch?: number; limit: number }

export const addExecutions: AddCommands = (program, begin) => {
  const executions = program.command('executions').description('runs of jobs; named by UUID or as JOB-2026-000001.12')

  listOptions(executions.command('list').description('list executions, newest first'))
    .option('--job <job>', 'only of this job')
    .option('--target <target>', 'only on this target')
    .option('--status <status>', ExecutionStatus.options.join(', '))
    .option('--needs-attention', 'only those about which somebody has to say what became of them')
    .option('--since <time>', 'only queued then or later: 2026-11-21, 2026-11-21T08:00Z, 90m, 24h or 7d ago', pastTime)
    .option('--until <time>', 'only queued before then', pastTime)
    .action(async (options: ListFilters, command) => list(await begin(command), options))

  executions
    .command('show <execution>')
    .description('one execution with its branches and steps')
    .action(async (ref: string, _options: object, command) => show(await begin(command), ref))

  executions
    .command('output <execution>')
    .description('the output of an execution')
    .option('--branch <number>', 'only of this branch', wholeNumber)
    .addOption(
      new Option('--stream <stream>', 'only this one; of a single branch as its exact bytes').choices([
        'stdout',
        'stderr',
      ]),
    )
    .option('--follow', 'go on while it runs, and end with the outcome of the execution')
    .option('--cancel-on-interrupt', 'with --follow: Ctrl-C cancels the execution; without, it goes on')
    .addHelpText(
      'after',
      `
Examples:
  opsctl executions output JOB-2026-000001.12 --follow
  opsctl executions output JOB-2026-000001.12 --branch 2 --stream stdout > dump.sql`,
    )
    .action(async (ref: string, options: OutputOptions & Following, command) => {
      const ctx = await begin(command)
      const execution = await ctx.call(api.executions.read, { params: { ref } })
      if (options.follow !== true) return showOutput(ctx, execution, options)
      return ctx.finish(await follow(ctx, { execution, ...options }))
    })

  executions
    .command('log <execution>')
    .description('the life of an execution, line by line')
    .option('--phase <phase>', LogPhase.options.join(', '))
    .option('--level <level>', LogLevel.options.join(', '))
    .option('--category <category>', LogCategory.options.join(', '))
    .option('--branch <number>', 'only of this branch', wholeNumber)
    .option('--limit <n>', 'at most so many', wholeNumber, 1000)
    .action(async (ref: string, options: LogFilters, command) => log(await begin(command), ref, options))

  executions
    .command('cancel <execution>')
    .description('cancel, and stop the remote processes')
    .action(async (ref: string, _options: object, command) => {
      const { call, print } = await begin(command)
      const execution = await call(api.executions.cancel, { params: { ref } })
      print.answer(execution, () => {
        const { ref, status } = execution
        if (status === 'completed' || status === 'failed') return print.line(`${ref} had ended before: ${status}.`)
        print.line(`${ref} is ${status === 'cancelled' ? 'cancelled' : 'being cancelled'}.`)
        print.note(`See what became of it with: opsctl executions show ${execution.ref}`)
      })
    })

  for (const verb of ['pause', 'continue'] as const) {
    executions
      .command(`${verb} <execution>`)
      .description(
        verb === 'pause'
          ? 'begin nothing more; what runs ends on its own'
          : 'let a paused execution go on, with its next batch where it waits between two',
      )
      .action(async (ref: string, _options: object, command) => {
        const { call, print } = await begin(command)
        const execution = await call(api.executions[verb], { params: { ref } })
        print.answer(execution, () => print.line(`${execution.ref} is ${execution.status}.`))
      })
  }

  executions
    .command('resolve')
    .argument('<execution>')
    .argument('<branch>', 'its number', wholeNumber)
    .description('say what became of the lost step of a branch')
    .addOption(
      new Option('--as <what>', 'completed: it has run, go on; again: run it again; failed: give the branch up')
        .choices(ResolveRequest.shape.as.options)
        .makeOptionMandatory(),
    )
    .option('--note <text>', 'why; kept in the audit trail')
    .action(async (ref: string, number: number, { as, note }: ResolveRequest, command) => {
      const { call, print } = await begin(command)
      const params = { ref, number }
      const resolved = await call(api.branches.resolve, {
        params,
        body: { as, ...(note === undefined ? {} : { note }) },
      })
      print.answer(resolved, () =>
        print.line(`Branch ${resolved.number} (${resolved.target.name}) is ${resolved.status}.`),
      )
    })

  executions
    .command('rerun <execution>')
    .description('run again with the same version and values')
    .option('--failed', 'only on the targets where it failed')
    .option('--resume', 'only there, and from the first step on that did not complete')
    .option('--confirm', 'with --resume: also when the job has a newer version now; the former one goes on')
    .option('--follow', 'show the output while it comes, and end with the outcome')
    .option('--cancel-on-interrupt', 'with --follow: Ctrl-C cancels the execution; without, it goes on')
    .action(async (ref: string, options: Following & RerunOptions, command) => {
      const ctx = await begin(command)
      const body = {
        ...(options.failed === true ? { only: 'failed' as const } : {}),
        ...(options.resume === true ? { from: 'failed' as const } : {}),
        ...(options.confirm === true ? { confirm: true } : {}),
      }
      const execution = await ctx.call(api.executions.rerun, { params: { ref }, body })
      if (options.follow === true) return ctx.finish(await follow(ctx, { execution, ...options }))
      return ctx.print.answer(execution, () => {
        ctx.print.line(`${execution.ref} started.`)
        ctx.print.note(`Watch it with: opsctl executions output ${execution.ref} --follow`)
      })
    })
}

const list = async (ctx: Opsctl, options: ListFilters) => {
  const { call, print } = ctx
  const filters = {
    q: options.query,
    job: options.job === undefined ? undefined : await jobRef(ctx, options.job),
    target: options.target === undefined ? undefined : await targetRef(ctx, options.target),
    status: parseChoice(ExecutionStatus, options.status, '--status'),
    needsAttention: options.needsAttention === true ? ('true' as const) : undefined,
    queuedAfter: options.since,
    queuedBefore: options.until,
  }
  const page = await firstItems(
    (query) => call(api.executions.list, { query: { ...filters, ...query } }),
    options.limit,
  )
  shownPage(ctx, page, 'No executions. Start one with: opsctl jobs run', () => showExecutions(print, page.items))
}

const show = async ({ call, print }: Opsctl, ref: string) => {
  const params = { ref }
  const execution = await call(api.executions.read, { params })
  const steps = new Map<number, StepResult[]>()
  for await (const step of itemsOf((query) => call(api.executions.allSteps, { params, query }))) {
    const number = Number(step.branch)
    steps.set(number, [...(steps.get(number) ?? []), step])
  }
  const branches: BranchWithSteps[] = []
  for await (const branch of itemsOf((query) => call(api.executions.branches, { params, query }))) {
    branches.push({ ...branch, steps: steps.get(Number(branch.number)) ?? [] })
  }
  print.answer({ ...execution, branches }, () => showExecution(print, execution, branches))
}

const log = async (ctx: Opsctl, ref: string, options: LogFilters) => {
  const { call, print } = ctx
  const filters = {
    phase: parseChoice(LogPhase, options.phase, '--phase'),
    level: parseChoice(LogLevel, options.level, '--level'),
    category: parseChoice(LogCategory, options.category, '--category'),
    branch: options.branch,
  }
  const page = await firstItems(
    (query) => call(api.executions.log, { params: { ref }, query: { ...filters, ...query } }),
    options.limit,
  )
  shownPage(ctx, page, 'No lines.', () => showLog(print, page.items))
}
