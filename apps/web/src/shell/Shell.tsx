import { AppShell, Burger } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useSession } from '../session/index.ts'
import { Brand } from '../ui/Brand.tsx'
import { Navigation } from './Navigation.tsx'
import { Palette } from './Palette.tsx'
import classes from './Shell.module.css'

/** Between the end of a session and the way to the log-in nothing is drawn that needs to know who is there. */
export const Shell = () => (useSession().status === 'in' ? <Frame /> : null)

/** What is around every page: the navigation, the command palette, and a way past them for the keyboard. */
const Frame = () => {
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const { pathname } = useLocation()
  useEffect(close, [pathname, close])
  return (
    <AppShell
      layout="alt"
      header={{ height: { base: 52, sm: 0 } }}
      navbar={{ width: 228, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      classNames={{ main: classes.main, navbar: classes.navbar, header: classes.header }}
    >
      <a href="#main" className={classes.skip}>
        Skip to the page
      </a>
      <AppShell.Header hiddenFrom="sm">
        <Burger opened={isOpen} onClick={toggle} size="sm" aria-label="Open the navigation" aria-expanded={isOpen} />
        <Link to="/" className={classes.home}>
          <Brand size={22} />
        </Link>
      </AppShell.Header>
      <AppShell.Navbar aria-label="Areas">
        <Navigation onClose={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <div className={classes.page}>
          <Outlet />
        </div>
      </AppShell.Main>
      <Palette />
    </AppShell>
  )
}
