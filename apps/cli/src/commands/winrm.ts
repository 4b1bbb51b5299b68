import { isWinrmOverHttps, WinrmAuth, type MethodTest, api } from '@opsconductor/contract'
import type { ConnectOptions } from '@opsconductor/winrm'
import { Failure } from '../failure.ts'
import { parseChoice } from '../list-options.ts'
import { targetRef } from '../names.ts'
import type { AddCommands, Opsctl } from '../opsctl.ts'
import { oneLine, shownDuration } from '../print.ts'
import { readSecret, readText } from '../read-input.ts'
import { showTest } from '../target-view.ts'
import { examine, type Examination } from '../winrm-doctor.ts'

type Options = {
  target?: boolean
  port?: number
  https?: boolean
  auth?: string
  username?: string
  passwordFile?: string
  passwordStdin?: boolean
  certificateFile?: string
  privateKeyFile?: string
  caFile?: string
  fingerprint?: string
  allowUnencrypted?: boolean
}

const portOf = (text: string): number => {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Failure('usage', '--port is a number from 1 to 65535')
  return port
}

export const addWinrm: AddCommands = (program, begin) => {
  program
    .command('winrm')
    .description('Windows machines by WinRM')
    .command('doctor <host>')
    .description('say phase by phase what works on a Windows machine, what it offers, and what to do about the rest')
    .option('--target', 'the name is a target’s: the server tests it from where its executor is')
    .option('--port <port>', '5986, without HTTPS 5985', portOf)
    .option('--https', 'speak HTTPS (unless the port is 5985)')
    .option('--no-https', 'speak plain HTTP; NTLM and Kerberos seal each message')
    .option('--auth <auth>', WinrmAuth.options.join(', '))
    .option('--username <name>', 'DOMAIN\\user, user@domain, or .\\user for an account of the machine')
    .option('--password-file <file>', '- is stdin')
    .option('--password-stdin', 'the same as --password-file -')
    .option('--certificate-file <file>', 'client certificate, PEM')
    .option('--private-key-file <file>', 'its key, PEM')
    .option('--ca-file <file>', 'authority of the machine’s certificate, PEM')
    .option('--fingerprint <sha256>', 'the machine’s certificate, whoever vouches for it')
    .option('--allow-unencrypted', 'let basic send its password over plain HTTP')
    .addHelpText(
      'after',
      `
Tries from this machine, without the server; with --target from the server.

Examples:
  opsctl winrm doctor web01.example.org --username 'EXAMPLE\\anna'
  opsctl winrm doctor web01 --no-https --username anna@EXAMPLE.ORG --auth kerberos
  opsctl winrm doctor sample-windows-server --target`,
    )
    .action(async (host: string, options: Options, command) => {
      const ctx = await begin(command)
      if (options.target === true) return examineTarget(ctx, host)
      const examination = await examineHost(ctx, host, options)
      if (!examination.isOk) ctx.finish('failed')
      return ctx.print.answer(examination, () => showExamination(ctx, examination))
    })
}

const examineHost = async ({ asker }: Opsctl, host: string, options: Options): Promise<Examination> => {
  const https = isWinrmOverHttps({ https: options.https, port: options.port })
  const port = options.port ?? (https ? 5986 : 5985)
  const tls = {
    ...(options.caFile === undefined ? {} : { ca: await readText(asker, options.caFile) }),
    ...(options.fingerprint === undefined ? {} : { fingerprint: options.fingerprint }),
  }
  const credentials = await credentialsOf({ asker }, options)
  return examine({ host, port, https, tls, credentials }, port)
}

const credentialsOf = async (
  { asker }: Pick<Opsctl, 'asker'>,
  options: Options,
): Promise<ConnectOptions['credentials']> => {
  const { certificateFile, privateKeyFile, username } = options
  const auth =
    parseChoice(WinrmAuth, options.auth, '--auth') ?? (certificateFile === undefined ? 'ntlm' : 'certificate')
  if (auth === 'certificate') {
    if (certificateFile === undefined || privateKeyFile === undefined)
      throw new Failure('usage', 'A client certificate needs --certificate-file and --private-key-file')
    return { type: auth, cert: await readText(asker, certificateFile), key: await readText(asker, privateKeyFile) }
  }
  // without a name Kerberos takes the ticket that is there
  if (auth === 'kerberos' && username === undefined) return { type: auth }
  const name = username ?? (await asker.text('User name', 'Who logs in? Give --username'))
  const password = await readSecret(asker, {
    file: options.passwordFile ?? (options.passwordStdin === true ? '-' : undefined),
    question: 'Password',
    otherwise: 'A log-in needs --password-file',
  })
  switch (auth) {
    case 'ntlm':
      return { type: auth, username: name, password }
    case 'kerberos':
      return { type: auth, username: name, password }
    case 'basic':
      return { type: auth, username: name, password, allowUnencrypted: options.allowUnencrypted === true }
  }
}

const words: Record<Examination['findings'][number]['what'], string> = {
  offers: 'offers',
  dns: 'name',
  connect: 'connection',
  tls: 'certificate',
  authentication: 'log-in',
  command: 'command (winrs)',
  limits: 'limits',
  PowerShell: 'powershell.exe',
  psrp: 'powershell (psrp)',
}

const showExamination = ({ print }: Opsctl, { host, port, https, findings, fingerprint }: Examination) => {
  print.line(`${host}:${port} (${https ? 'HTTPS' : 'HTTP'})`)
  for (const { what, isOk, ms, detail, advice } of findings) {
    const verdict = isOk ? print.paint('green', 'ok    ') : print.paint('red', 'failed')
    const time = ms === null ? '' : shownDuration(ms)
    print.line(`  ${words[what].padEnd(18)} ${verdict} ${time.padStart(8)}  ${oneLine(detail)}`.trimEnd())
    if (advice !== null) print.line(`    ${print.paint('yellow', advice)}`)
  }
  if (fingerprint !== null) print.line(`  SHA-256 of the certificate: ${fingerprint}`)
}

const advice: Partial<Record<MethodTest['phases'][number]['phase'], string>> = {
  dns: 'The executor cannot resolve the name: check it, and the executor’s name servers.',
  connect:
    'Nobody answers on that port: check that WinRM listens there (winrm enumerate winrm/config/listener) and the firewall.',
  host_key:
    'The certificate is another one than the pinned one, or nobody vouches for it: compare it on the machine, then opsctl targets host-keys.',
  authentication: 'Check the credential: the user name with its domain, and which ways to log in the machine allows.',
  command:
    'The log-in worked, and running a command did not: WinRS is for administrators; the transport psrp is for Remote Management Users.',
}

const examineTarget = async (ctx: Opsctl, name: string) => {
  const { call, print, finish } = ctx
  const ref = await targetRef(ctx, name)
  const test = await call(api.targets.test, { params: { ref }, query: { type: 'winrm' }, body: {} })
  if (!test.isOk) finish('failed')
  print.answer(test, () => {
    showTest(print, test)
    for (const { phases } of test.methods) {
      const failed = phases.find(({ status }) => status === 'failed')
      const todo = failed && advice[failed.phase]
      if (todo !== undefined) print.line(`  ${print.paint('yellow', todo)}`)
    }
  })
}
