import { api, type Branch, type Execution, type OutputLine, type RouteAnswer } from '@opsconductor/contract'
import { Failure } from './failure.ts'
import { itemsOf } from './names.ts'
import type { Opsctl } from './opsctl.ts'
import { createOutputLines } from './output-lines.ts'

export type OutputOptions = { branch?: number; stream?: 'stdout' | 'stderr' }

/**
 * The output that is there, to its present end. One stream of one branch comes as its exact bytes, whatever they are;
 * otherwise text goes line by line to stdout and stderr, as it would have while following.
 */
export const showOutput = async (ctx: Opsctl, execution: Execution, options: OutputOptions) => {
  const { bytes, call, print } = ctx
  const params = { ref: execution.uuid }
  const branches: Branch[] = []
  for await (const branch of itemsOf((query) => call(api.executions.branches, { params, query }))) {
    if (options.branch === undefined || options.branch === Number(branch.number)) branches.push(branch)
  }
  const [first] = branches
  if (first === undefined) throw new Failure('notFound', `${execution.ref} has no branch ${options.branch ?? ''}`)

  if (print.isJson) {
    const answered = []
    for (const { number, target, status } of branches) {
      const lines: OutputLine[] = []
      for await (const line of linesOf(ctx, execution, number)) if (isWanted(line, options)) lines.push(line)
      answered.push({ number, target, status, lines })
    }
    return print.answer({ execution, branches: answered }, () => {})
  }
  if (options.stream !== undefined && branches.length === 1) {
    const query = { stream: options.stream }
    const body = await bytes(api.executions.rawOutput, { params: { ...params, number: Number(first.number) }, query })
    // asked for by name, a stream goes to stdout, so that it can be put into a file or a pipe
    for await (const chunk of body ?? []) print.raw(chunk)
    return
  }
  const output = createOutputLines(print, { isPrefixed: branches.length > 1, stream: options.stream })
  output.align(branches.map((branch) => branch.target.name))
  for (const { number, target } of branches) {
    for await (const line of linesOf(ctx, execution, number)) output.take({ number, target: target.name }, [line])
    output.flush(number)
  }
}

const isWanted = (line: OutputLine, { stream }: OutputOptions) => stream === undefined || line.stream === stream

async function* linesOf({ call }: Opsctl, execution: Execution, branch: string): AsyncGenerator<OutputLine> {
  const params = { ref: execution.uuid, number: Number(branch) }
  let cursor: string | undefined
  for (let fromLine: number | null = 1; fromLine !== null;) {
    const page: RouteAnswer<typeof api.executions.output> = await call(api.executions.output, {
      params,
      query: { fromLine, limit: 5000, cursor },
    })
    yield* page.items
    cursor = page.nextCursor ?? undefined
    if (cursor !== undefined) continue // the rest of these lines comes first
    // a page that does not move on would be asked for without end
    fromLine = page.nextLine !== null && page.nextLine > fromLine ? page.nextLine : null
  }
}
