import { Group, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import classes from './PageHeader.module.css'

type Props = {
  title: string
  /** Under the title: what this page is for, or the identifiers of the thing shown. */
  description?: ReactNode
  /** Beside the title: the state of the thing shown. */
  badge?: ReactNode
  /** On the right: buttons. */
  actions?: ReactNode
  /** The list that this page came from. */
  parent?: { to: string; label: string }
}

/** False until the first page has been drawn: its heading must not pull the focus away from the address bar. */
let hasNavigated = false

/** The h1 of a page. It takes the focus when one navigates here, so that a screen reader says where one is. */
export const PageHeader = ({ title, description, badge, actions, parent }: Props) => {
  const heading = useRef<HTMLHeadingElement>(null)
  useDocumentTitle(`${title} · OpsConductor`)
  useEffect(() => {
    // a field that asked for the focus keeps it
    const isTaken = document.activeElement !== null && document.activeElement.closest('main input') !== null
    if (hasNavigated && !isTaken) heading.current?.focus({ preventScroll: true })
    hasNavigated = true
  }, [])
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        {parent && (
          <nav aria-label="Breadcrumb" className={classes.parent}>
            <Link to={parent.to}>{parent.label}</Link>
            <span aria-hidden>/</span>
          </nav>
        )}
        <Group gap="sm" align="center">
          <Title order={1} ref={heading} tabIndex={-1} className={classes.title}>
            {title}
          </Title>
          {badge}
        </Group>
        {description && <div className={classes.description}>{description}</div>}
      </div>
      {actions && (
        <Group gap="xs" className={classes.actions}>
          {actions}
        </Group>
      )}
    </header>
  )
}
