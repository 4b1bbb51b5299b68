import type { Pool } from 'pg'

/** Does the database answer now? */
export const answers = (pool: Pool): Promise<boolean> =>
  pool.query('select').then(
    () => true,
    () => false,
  )
