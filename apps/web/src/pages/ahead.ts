import type { router } from '../router.tsx'
import { session } from '../session/index.ts'

type Lazy = { preload?: () => Promise<void> | undefined }

/**
 * Fetches what all pages are made of once somebody is in and the browser has nothing else to do: then each opens at
 * once, also while the server is away or after it has been updated.
 */
export const fetchPagesAhead = ({ routesById, subscribe }: Pick<typeof router, 'routesById' | 'subscribe'>) => {
  const unsubscribe = subscribe('onRendered', () => {
    if (session.read().status !== 'in') return
    unsubscribe()
    whenIdle(() => {
      for (const { options } of Object.values(routesById)) void (options.component as Lazy | undefined)?.preload?.()
    })
  })
}

const whenIdle = (act: () => void) => {
  // Safari has no idle callbacks
  if ('requestIdleCallback' in window) requestIdleCallback(act, { timeout: 5_000 })
  else setTimeout(act, 2_000)
}
