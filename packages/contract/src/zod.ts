import { z } from 'zod'

// Zod compiles parsers with `new Function`, which a browser under our Content-Security-Policy refuses (and reports).
// Switching it off must happen before the first schema is made, so every schema imports `z` from here.
if ('document' in globalThis) z.config({ jitless: true })

export { z }
