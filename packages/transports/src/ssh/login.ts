import type { AnyAuthMethod, ParsedKey } from 'ssh2'

export type SshLogin =
  | { kind: 'password'; username: string; password: string }
  | { kind: 'ssh_key'; username: string; privateKey: string; passphrase?: string }

/** A login ready to be tried: the key is parsed. */
export type PreparedLogin =
  | { kind: 'password'; username: string; password: string }
  | { kind: 'ssh_key'; username: string; key: ParsedKey }

export type LoginAttempts = {
  /**
   * What to try next, `undefined` when nothing is left.
   * @param accepted what the server still takes; `null` before the first try (RFC 4252 §5.1)
   */
  next: (accepted: readonly string[] | null) => AnyAuthMethod | undefined
}

/** @param onQuestion called with a question that the password does not answer, e.g. `Verification code:` */
export const createLoginAttempts = (login: PreparedLogin, onQuestion: (question: string) => void): LoginAttempts => {
  const { username } = login
  const tried = new Set<AnyAuthMethod['type']>()

  const answering = (password: string): AnyAuthMethod => {
    let isAnswered = false
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        const [question] = prompts
        if (prompts.length === 1 && question?.echo !== true && !isAnswered) {
          isAnswered = true
          finish([password])
        } else onQuestion(prompts.map(({ prompt }) => prompt.trim()).join(' '))
      },
    }
  }

  return {
    next(accepted) {
      const can = (type: AnyAuthMethod['type']): boolean => {
        if (tried.has(type)) return false
        tried.add(type)
        return true
      }
      if (login.kind === 'ssh_key')
        return can('publickey') ? { type: 'publickey', username, key: login.key } : undefined
      const { password } = login
      if (accepted === null) return can('password') ? { type: 'password', username, password } : undefined
      // only where plain passwords are not taken: otherwise a wrong one would count twice towards a lock-out
      const mayAnswer = accepted.includes('keyboard-interactive') && !accepted.includes('password')
      return mayAnswer && can('keyboard-interactive') ? answering(password) : undefined
    },
  }
}
