import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import '@mantine/spotlight/styles.css'
import './ui/global.css'
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { fetchPagesAhead } from './pages/ahead.ts'
import { router } from './router.tsx'
import { queryClient } from './session/queries.ts'
import { followSession } from './session/follow.ts'
import { recoverAfterOutages } from './session/recovery.ts'
import { pageNonce, spreadNonce } from './ui/nonce.ts'
import { stillWhileSchemeChanges } from './ui/scheme-change.ts'
import { cssVariablesResolver, theme } from './ui/theme.ts'

spreadNonce()
followSession(router)
fetchPagesAhead(router)
recoverAfterOutages({ client: queryClient })
stillWhileSchemeChanges()

const root = document.querySelector('#root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager({ key: 'opsconductor.colour-scheme' })}
      getStyleNonce={pageNonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Notifications position="bottom-right" limit={4} containerWidth={380} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
