import { createRootRoute, createRoute, redirect } from '@tanstack/react-router'
import { NotFound } from './pages/NotFound.tsx'
import { session } from './session/index.ts'
import { Shell } from './shell/Shell.tsx'
import { PageError } from './ui/PageError.tsx'

export const rootRoute = createRootRoute({ notFoundComponent: NotFound, errorComponent: PageError })

/** Everything for which one must be logged in hangs below this one, and is drawn inside the shell. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  component: Shell,
  errorComponent: PageError,
  beforeLoad: async ({ location }) => {
    const state = await session.start()
    if (state.status !== 'in') {
      // who logs out may not be who logs in next
      const isFresh = location.href === '/' || (state.status === 'out' && state.why === 'left')
      const search = isFresh ? {} : { next: location.href }
      redirect({ to: '/login', search, replace: true, throw: true })
    } else if (state.me.mustChangePassword) {
      redirect({ to: '/new-password', replace: true, throw: true })
    }
  },
})

/** What no other route knows, for whoever is logged in: shown inside the shell, so that one can go on from there. */
export const nowhereRoute = createRoute({ getParentRoute: () => appRoute, path: '$', component: NotFound })
