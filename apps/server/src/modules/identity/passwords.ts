import { hash, verify } from '@node-rs/argon2'

/** OWASP's recommendation for argon2id, the library's default kind: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password, cost)

export const isPassword = (password: string, passwordHash: string): Promise<boolean> => verify(passwordHash, password)

/** A hash nobody's password has: whoever names a user that does not exist waits as long as everyone else. */
export const nobodysHash = hashPassword(crypto.randomUUID())
