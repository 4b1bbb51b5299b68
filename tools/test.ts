/**
 * Runs the tests.
 *
 *     npm test                            all but the end-to-end ones
 *     npm test -- serials                 files whose path contains "serials"
 *     npm test -- --project unit          one project of vitest.config.ts
 *     npm run e2e                         the end-to-end ones
 *     npm run chaos -- --runs 1000        what breaks while executions run: so many of them, or --faults 1000
 *
 * Tests that need a program the machine does not have are left out and named; with CI=true that is a failure.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, findProgram, type Program, sshd } from './programs.ts'
import { report } from './summary.ts'
import { type Result, summarise } from './test-results.ts'

const root = join(import.meta.dirname, '..')

const splitArguments = (args: readonly string[]) => {
  const projects: string[] = []
  const rest: string[] = []
  /** How much chaos. */
  const amounts: Record<string, string> = {}
  for (let index = 0; index < args.length; index++) {
    const [option = '', given] = (args[index] ?? '').split('=', 2)
    const value = () => given ?? args[++index] ?? ''
    if (option === '--project') projects.push(value())
    else if (option === '--runs' || option === '--faults')
      amounts[`OPSCONDUCTOR_TEST_CHAOS_${option.slice(2).toUpperCase()}`] = value()
    else rest.push(args[index] ?? '')
  }
  return { projects: projects.length > 0 ? projects : ['unit', 'server'], rest, amounts }
}

const runVitest = async ({ projects, rest, amounts }: ReturnType<typeof splitArguments>) => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-results-'))
  try {
    const file = join(folder, 'results.json')
    const options = [...projects.flatMap((project) => ['--project', project]), '--reporter=default', '--reporter=json']
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const child = spawn(process.execPath, [vitest, 'run', ...options, `--outputFile.json=${file}`, ...rest], {
      cwd: root,
      env: { ...process.env, ...amounts },
      stdio: 'inherit',
    })
    // a Ctrl-C reaches vitest too; we stay to tidy up and to say how it ended
    process.on('SIGINT', () => {})
    const succeeded = await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false))
      child.once('exit', (code) => resolve(code === 0))
    })
    const results = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as Result,
      () => undefined,
    )
    return { succeeded, results }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const sayMissing = (missing: readonly Program[]) => {
  for (const { names, leavesOut, install } of missing) {
    console.log(`\n!! ${names[0]} is not installed. LEFT OUT: ${leavesOut}.\n!! Install ${install}.\n`)
  }
}

const asked = splitArguments(process.argv.slice(2))
const missing = [sshd, ...(asked.projects.includes('e2e') ? [chromium] : [])].filter(
  (program) => findProgram(program) === undefined,
)
const inCi = process.env['CI'] === 'true'

sayMissing(missing)
const { succeeded, results } = await runVitest(asked)
const { passed, failures: failedTests, leftOut } = summarise(results, succeeded, root)
const missed = inCi ? missing.map(({ names }) => `${names[0]} is not installed`) : []
const failures = [...failedTests, ...missed]
if (leftOut.length > 0)
  console.log(`\n!! LEFT OUT (${leftOut.length}):\n${leftOut.map((name) => `!!   ${name}`).join('\n')}`)
sayMissing(missing)
console.log(`\n${passed} passed, ${failures.length} failed, ${leftOut.length} left out`)
await report({ passed, failed: failures.length }, failures)
process.exitCode = failures.length === 0 ? 0 : 1
