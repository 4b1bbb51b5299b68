import { z } from '@opsconductor/contract'
import { createRoute, redirect } from '@tanstack/react-router'
import { rootRoute } from '../../routes.tsx'
import { session } from '../../session/index.ts'
import { LoginPage } from './LoginPage.tsx'
import { NewPasswordPage } from './NewPasswordPage.tsx'

/** Only a path of our own: `//elsewhere` and `https:` would lead away. */
const Next = z
  .string()
  .regex(/^\/(?![/\\])/)
  .optional()
  .catch(undefined)

const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'login',
  component: LoginPage,
  validateSearch: z.object({ next: Next }),
  beforeLoad: async ({ search }) => {
    // without an answer the page is shown all the same: it says so when one tries
    const state = await session.start().catch(() => session.read())
    if (state.status === 'in') redirect({ href: search.next ?? '/', replace: true, throw: true })
  },
})

const newPasswordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: 'new-password',
  component: NewPasswordPage,
  validateSearch: z.object({ next: Next }),
  beforeLoad: async ({ search }) => {
    const state = await session.start()
    if (state.status !== 'in') redirect({ to: '/login', search, replace: true, throw: true })
    else if (!state.me.mustChangePassword) redirect({ href: search.next ?? '/', replace: true, throw: true })
  },
})

export const loginRoutes = [loginRoute, newPasswordRoute] as const
