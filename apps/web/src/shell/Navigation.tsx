import { CloseButton, Kbd, UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { IconSearch } from '@tabler/icons-react'
import { useMay } from '../session/index.ts'
import { Brand } from '../ui/Brand.tsx'
import { areas, type Area } from './areas.ts'
import { LiveNotice } from './LiveNotice.tsx'
import classes from './Navigation.module.css'
import { palette } from './palette-store.ts'
import { UserMenu } from './UserMenu.tsx'

const groups: { name: Area['group']; label?: string }[] = [
  { name: 'work' },
  { name: 'assets', label: 'Assets' },
  { name: 'people', label: 'People' },
]

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent)

export const Navigation = ({ onClose }: { onClose: () => void }) => {
  const may = useMay()
  return (
    <div className={classes.navigation}>
      <div className={classes.top}>
        <Link to="/" className={classes.home}>
          <Brand />
        </Link>
        <CloseButton hiddenFrom="sm" aria-label="Close the navigation" onClick={onClose} />
      </div>
      <UnstyledButton
        className={classes.search}
        aria-keyshortcuts={isApple ? 'Meta+K' : 'Control+K'}
        onClick={() => {
          onClose()
          palette.open()
        }}
      >
        <IconSearch size={15} aria-hidden />
        <span>Find or do…</span>
        <Kbd size="xs" aria-hidden>
          {isApple ? '⌘K' : 'Ctrl K'}
        </Kbd>
      </UnstyledButton>
      <div className={classes.groups}>
        {groups.map(({ name, label }) => {
          const shown = areas.filter(
            ({ group, permission }) => group === name && (permission === undefined || may(permission)),
          )
          if (shown.length === 0) return null
          return (
            <div key={name} className={classes.group}>
              {label && <div className={classes.label}>{label}</div>}
              <ul>
                {shown.map((area) => (
                  <li key={area.to}>
                    <Link
                      to={area.to}
                      className={classes.link}
                      activeProps={{ 'data-active': true }}
                      activeOptions={{ exact: area.to === '/', includeSearch: false }}
                    >
                      <area.icon size={17} stroke={1.7} aria-hidden />
                      {area.label}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          )
        })}
      </div>
      <LiveNotice />
      <UserMenu />
    </div>
  )
}
