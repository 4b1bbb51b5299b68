import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Brand } from '../../ui/Brand.tsx'
import { PageHeader } from '../../ui/PageHeader.tsx'
import classes from './Gate.module.css'

/** The frame of what is shown before one is inside. */
export const Gate = ({ title, note, children }: { title: string; note?: string; children: ReactNode }) => (
  <main className={classes.gate}>
    <div className={classes.card}>
      <div className={classes.brand}>
        <Brand size={30} />
      </div>
      <PageHeader title={title} />
      {note && (
        <Text size="sm" c="dimmed" mb="md">
          {note}
        </Text>
      )}
      {children}
    </div>
  </main>
)
