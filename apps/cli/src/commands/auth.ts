import { Password, ProblemError, api, type Me } from '@opsconductor/contract'
import { Failure } from '../failure.ts'
import type { AddCommands, Opsctl } from '../opsctl.ts'
import { readSecret } from '../read-input.ts'

type LoginOptions = { username?: string; passwordFile?: string; passwordStdin?: boolean; newPasswordFile?: string }
type PasswordOptions = { currentPasswordFile?: string; newPasswordFile?: string }

export const addAuth: AddCommands = (program, begin) => {
  program
    .command('login')
    .description('log in and remember the session; the server is then the one to talk to')
    .option('--username <name>', 'asked for where it is not given')
    .option('--password-file <file>', 'read the password from a file; - is stdin')
    .option('--password-stdin', 'read the password from stdin')
    .option('--new-password-file <file>', 'the password to choose where the server asks for a new one')
    .addHelpText(
      'after',
      `
Examples:
  opsctl login --url https://ops.example.com --username anna
  opsctl login --username robot --password-stdin < password.txt`,
    )
    .action(async (options: LoginOptions, command) => logIn(await begin(command), options))

  program
    .command('logout')
    .description('end the session, here and at the server')
    .action(async (_options: object, command) => logOut(await begin(command)))

  program
    .command('whoami')
    .description('who is logged in where, and what may be done')
    .action(async (_options: object, command) => whoAmI(await begin(command)))

  program
    .command('password')
    .description('choose a new password; your other sessions end')
    .option('--current-password-file <file>', '- is stdin')
    .option('--new-password-file <file>', '- is stdin')
    .action(async (options: PasswordOptions, command) => {
      const ctx = await begin(command)
      const currentPassword = await readSecret(ctx.asker, {
        file: options.currentPasswordFile,
        question: 'Current password',
        otherwise: 'There is no terminal to ask at: give --current-password-file and --new-password-file',
      })
      const me = await changePassword(ctx, { currentPassword, file: options.newPasswordFile })
      ctx.print.answer(me, () => ctx.print.line('The password is changed; your other sessions have ended.'))
    })
}

const logIn = async (ctx: Opsctl, options: LoginOptions) => {
  const { asker, print, session } = ctx
  if (session.isFixed) {
    throw new Failure('usage', 'OPSCONDUCTOR_TOKEN is set and goes before any log-in', { hint: 'Unset it first' })
  }
  warnAboutClearText(ctx)
  const username = options.username ?? (await asker.text(`User name at ${session.url}`, 'Say who: give --username'))
  const password = await readSecret(asker, {
    file: options.passwordFile,
    isStdin: options.passwordStdin,
    question: 'Password',
    otherwise: 'There is no terminal to ask for the password at: give --password-file or --password-stdin',
  })
  const body = { username, password, refreshTokenIn: 'body' } as const
  const tokens = await ctx.anonymously(api.auth.login, { body })
  await session.begin(tokens)

  let me: Me = tokens.user
  if (me.mustChangePassword) {
    print.note('This password is good for one log-in: choose a new one.')
    me = await changePassword(ctx, { currentPassword: password, file: options.newPasswordFile })
  }
  print.answer({ url: session.url, user: me }, () => print.line(`Logged in at ${session.url} as ${me.username}.`))
}

const warnAboutClearText = ({ print, session }: Opsctl) => {
  const { protocol, hostname } = new URL(session.url)
  if (protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) {
    print.note(`${session.url} is not encrypted: your password can be read on the way.`, 'yellow')
  }
}

const changePassword = async (
  { asker, call }: Opsctl,
  { currentPassword, file }: { currentPassword: string; file: string | undefined },
) => {
  const newPassword = await readSecret(asker, {
    file,
    question: 'New password',
    otherwise: 'A new password has to be chosen: run opsctl password at a terminal, or give --new-password-file',
  })
  const parsed = Password.safeParse(newPassword)
  if (!parsed.success) throw new Failure('usage', `The new password: ${parsed.error.issues[0]?.message ?? 'not valid'}`)
  if (file === undefined && (await asker.secret('New password again', '')) !== newPassword) {
    throw new Failure('usage', 'The two new passwords differ', { hint: 'Try again with: opsctl password' })
  }
  return call(api.auth.changePassword, { body: { currentPassword, newPassword } })
}

const logOut = async ({ anonymously, print, session }: Opsctl) => {
  const refreshToken = await session.end()
  if (refreshToken === undefined) {
    return print.answer({ url: session.url, wasLoggedIn: false }, () => print.line(`Not logged in at ${session.url}.`))
  }
  try {
    await anonymously(api.auth.logout, { body: { refreshToken } })
  } catch (error) {
    // forgotten here in any case; a session that has ended already is no trouble
    if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error
  }
  return print.answer({ url: session.url, wasLoggedIn: true }, () => print.line(`Logged out at ${session.url}.`))
}

const whoAmI = async ({ call, print, session }: Opsctl) => {
  const me = await call(api.auth.me, {})
  print.answer({ url: session.url, user: me }, () =>
    print.facts({
      server: session.url,
      user: me.username,
      name: me.displayName,
      email: me.email,
      roles: me.roles.join(', '),
      permissions: me.permissions.join(', '),
    }),
  )
}
