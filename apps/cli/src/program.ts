import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { createAsker, type In } from './ask.ts'
import { addAuth } from './commands/auth.ts'
import { addCredentials } from './commands/credentials.ts'
import { addExecutions } from './commands/executions.ts'
import { addExecutors } from './commands/executors.ts'
import { addJobs } from './commands/jobs.ts'
import { addTargets } from './commands/targets.ts'
import { addWinrm } from './commands/winrm.ts'
import { readConfig, defaultUrl, type Environment, type GlobalOptions } from './config.ts'
import { connect } from './connection.ts'
import { explain, Failure, type FailureKind } from './failure.ts'
import type { Begin } from './opsctl.ts'
import { createPrinter, exitCodes, exitMeanings, type ExitCode, type Out } from './print.ts'
import { createSessionFile } from './session-file.ts'
import { openSession } from './session.ts'

export type World = { env: Environment; stdin: In; stdout: Out; stderr: Out }

/** Runs one command line and answers what the process ends with. Nothing is thrown. */
export const run = async (args: readonly string[], world: World): Promise<ExitCode> => {
  const { env, stdin, stdout, stderr } = world
  let outcome: FailureKind = 'success'

  const begin: Begin = async (command) => {
    const config = readConfig(env, command.optsWithGlobals<GlobalOptions>())
    const session = await openSession(config, createSessionFile(config.sessionFile))
    return {
      config,
      session,
      print: createPrinter({ stdout, stderr, isJson: config.isJson, isColoured: config.isColoured }),
      asker: createAsker(stdin, stderr),
      ...connect(session),
      finish: (kind) => (outcome = kind),
    }
  }

  const program = createProgram(begin, {
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
    // said below, in the form of all other errors
    outputError: () => {},
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCodes[outcome]
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage
    const { color, verbose } = program.opts<GlobalOptions>()
    // where the command line could not be read to its end, the option may stand in the rest
    const isJson = program.opts<GlobalOptions>().json === true || args.includes('--json')
    const { exitCode, lines, json: told } = explain(error, verbose)
    const print = createPrinter({
      stdout,
      stderr,
      isJson,
      isColoured: color !== false && !env['NO_COLOR'],
    })
    if (isJson) print.note(JSON.stringify({ error: told }))
    else
      for (const [index, line] of lines.entries())
        print.note(index === 0 ? `opsctl: ${line}` : line, index === 0 ? 'red' : undefined)
    return exitCode
  }
}

const createProgram = (begin: Begin, output: OutputConfiguration) => {
  const program = new Command('opsctl')
    .description('OpsConductor at the command line: describe jobs, run them on targets, watch them live.')
    .version('0.1.0')
    .option('--url <url>', `the server (OPSCONDUCTOR_URL; otherwise that of the last log-in, or ${defaultUrl})`)
    .option('--json', 'answer with JSON and nothing else on stdout; JSON lines when following')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .option('--verbose', 'say more about errors, such as the request id')
    .addHelpText('after', afterHelp())
  for (const add of [addAuth, addTargets, addCredentials, addJobs, addExecutions, addExecutors, addWinrm])
    add(program, begin)
  for (const command of allCommands(program)) {
    command
      .exitOverride((error) => {
        // of a command that only has others below it the help is shown
        if (error.exitCode === 0 || error.code === 'commander.help') throw error
        throw new Failure('usage', error.message.replace(/^error: /, ''), { hint: `See: ${pathOf(command)} --help` })
      })
      .configureOutput(output)
      .configureHelp({ showGlobalOptions: true })
  }
  return program
}

const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)]

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`

const afterHelp = () => `
Examples:
  opsctl login
  opsctl credentials create deploy --type ssh_key --username deploy --private-key-file ~/.ssh/id_ed25519
  opsctl targets create web1 --host web1.example.com --credential deploy
  opsctl targets test web1
  opsctl jobs apply -f restart.yaml
  opsctl jobs run restart -t web1 -t web2 -p service=nginx --follow

Environment:
  OPSCONDUCTOR_URL    the server
  OPSCONDUCTOR_TOKEN  an access token, for scripts; nothing is stored then

Exit codes:
${Object.entries(exitMeanings)
  .map(([name, meaning]) => `  ${String(exitCodes[name as keyof typeof exitCodes]).padStart(3)}  ${meaning}`)
  .join('\n')}
`
