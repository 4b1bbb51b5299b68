/** An answer to a question of the log-in. */
export type Answer = {
  /** Words of the question, e.g. `verification code`; capitals do not matter. */
  question: string
  answer: string
}

export const answerTo = (prompt: string, answers: readonly Answer[]): string | undefined =>
  answers.find(({ question }) => prompt.toLowerCase().includes(question.toLowerCase()))?.answer

/** PAM and others ask for a new password within the log-in when the old one has expired. */
export const isPasswordChange = (texts: readonly string[]): boolean =>
  texts.some((text) =>
    /\bnew password|retype .*password|password (has )?expired|required to change your password|^\(?current\)? .*password/i.test(
      text.trim(),
    ),
  )
