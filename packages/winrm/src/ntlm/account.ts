/** Who logs in, as NTLM says it. */
export type Account = { readonly user: string; readonly domain: string }

/**
 * `DOM\user` and `.\user` (an account of the machine itself) are split, `user@dom` stays whole with an empty domain (the
 * server finds it by its principal name), a bare `user` leaves the choice to the server.
 * @param computerName the server's own name from its challenge: what `.` stands for
 */
export const readAccount = (name: string, computerName: string): Account => {
  const slash = name.indexOf('\\')
  if (slash === -1) return { user: name, domain: '' }
  const domain = name.slice(0, slash)
  return { user: name.slice(slash + 1), domain: domain === '.' ? computerName : domain }
}

/** Upper case as Windows does it: character for character, so that ß stays ß. */
export const upperCase = (text: string) =>
  Array.from(text, (character) => {
    const upper = character.toUpperCase()
    return upper.length === character.length ? upper : character
  }).join('')
