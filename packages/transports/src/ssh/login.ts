import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2'
import { answerTo, isPasswordChange, type Answer } from './answers.ts'

/** What else may be asked after, or besides, the first proof. */
type SecondProof = {
  /** Given where a password is asked for. */
  password?: string
  /** Given where another question is asked. */
  answers?: readonly Answer[]
}

export type SshLogin =
  | { kind: 'password'; username: string; password: string; answers?: readonly Answer[] }
  | ({ kind: 'ssh_key'; username: string; privateKey: string; passphrase?: string } & SecondProof)
  /** A key and the certificate a CA made for it (`…-cert.pub`). Only with OpenSSH as the client. */
  | ({
      kind: 'ssh_certificate'
      username: string
      privateKey: string
      passphrase?: string
      certificate: string
    } & SecondProof)
  /** Keys that an agent holds. `fingerprint` (`SHA256:…`) chooses one; without it each is tried. */
  | ({ kind: 'agent'; username: string; socketPath: string; fingerprint?: string } & SecondProof)
  /** Questions and answers only. */
  | ({ kind: 'keyboard_interactive'; username: string } & SecondProof)
  /** What the server's own OpenSSH finds by itself: a Kerberos ticket, a key file. Only with OpenSSH as the client. */
  | { kind: 'system'; username: string }

/** A login ready to be tried: the key is parsed, the agent was asked for its keys. */
export type PreparedLogin = { username: string; isKeyboardFirst?: boolean } & SecondProof &
  ({ key: ParsedKey } | { agent: BaseAgent } | { key?: undefined })

export const passwordExpired = 'The password has expired; change it on the target first.'

export type LoginAttempts = {
  /**
   * What to try next, `undefined` when nothing is left.
   * @param accepted what the server still takes; `null` before the first try (RFC 4252 §5.1)
   * @param isPartial the try before was right, and not enough
   */
  next: (accepted: readonly string[] | null, isPartial: boolean) => AnyAuthMethod | undefined
}

/** @param onProblem called with what is wrong when a question has no answer; the log-in cannot go on then */
export const createLoginAttempts = (login: PreparedLogin, onProblem: (problem: string) => void): LoginAttempts => {
  const { username, password, answers = [] } = login
  const tried = new Set<AnyAuthMethod['type']>()

  const answering = (): AnyAuthMethod => {
    let isPasswordGiven = false
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, instructions, _language, prompts, finish) => {
        if (isPasswordChange([instructions, ...prompts.map(({ prompt }) => prompt)])) return onProblem(passwordExpired)
        const given = prompts.map(({ prompt, echo }) => {
          const answer = answerTo(prompt, answers)
          if (answer !== undefined || isPasswordGiven || echo === true) return answer
          isPasswordGiven = password !== undefined
          return password
        })
        const open = prompts.filter((_prompt, index) => given[index] === undefined)
        if (open.length === 0) finish(given.map((answer) => answer ?? ''))
        else
          onProblem(
            unanswered(
              open.map(({ prompt }) => prompt.trim()),
              password !== undefined,
            ),
          )
      },
    }
  }

  const can = (type: AnyAuthMethod['type']): boolean => {
    if (tried.has(type)) return false
    tried.add(type)
    return true
  }
  const byKey = (): AnyAuthMethod | undefined => {
    if ('agent' in login) return can('agent') ? { type: 'agent', username, agent: login.agent } : undefined
    return login.key !== undefined && can('publickey') ? { type: 'publickey', username, key: login.key } : undefined
  }
  const hasAnswers = password !== undefined || answers.length > 0

  return {
    next(accepted, isPartial) {
      const isFirst = accepted === null
      if (isFirst && login.isKeyboardFirst === true && can('keyboard-interactive')) return answering()
      const key = isFirst || accepted.includes('publickey') ? byKey() : undefined
      if (key !== undefined) return key
      // a key that was refused is not made up for by a password: that is for a second proof
      const hasKey = 'agent' in login || login.key !== undefined
      if (hasKey && !isPartial) return undefined
      const mayPassword = isFirst || accepted.includes('password')
      if (mayPassword && password !== undefined && can('password')) return { type: 'password', username, password }
      // only where plain passwords are not taken: otherwise a wrong one would count twice towards a lock-out
      const mayAnswer = !isFirst && accepted.includes('keyboard-interactive')
      const isPasswordWrong = tried.has('password') && accepted?.includes('password') === true && !isPartial
      return mayAnswer && hasAnswers && !isPasswordWrong && can('keyboard-interactive') ? answering() : undefined
    },
  }
}

/** Which questions nobody can answer. */
export const unanswered = (questions: readonly string[], hasPassword: boolean): string =>
  `It asks ${hasPassword ? 'for more than a password' : 'something the credential has no answer to'}: ` +
  `${questions.join(' ')} Add the answer to the credential, or let this account log in without the question.`
