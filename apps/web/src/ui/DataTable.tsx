import { Skeleton, VisuallyHidden } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import classes from './DataTable.module.css'

export type Column<T> = {
  /** The heading; also the key. */
  label: string
  cell: (row: T) => ReactNode
  /** CSS width; the column takes what is left otherwise. */
  width?: string
  align?: 'start' | 'end'
  /** Left out on screens narrower than this, in the order of importance. */
  from?: 'sm' | 'md' | 'lg' | 'xl'
  isLabelHidden?: boolean
}

type Props<T> = {
  /** What the table holds, for those who do not see it: "Targets". */
  caption: string
  columns: readonly Column<T>[]
  /** Undefined while the first page is loading. */
  rows: readonly T[] | undefined
  rowKey: (row: T) => string
  /** The page of a row: its first cell becomes the link, and the whole row can be pressed. */
  href?: (row: T) => string
  /** Shown instead of rows where there are none. */
  empty?: ReactNode
  /** What is shown is about to be replaced. */
  isStale?: boolean
}

/** Dense rows under quiet headings. Paging is by cursor, beside it: `Pager`. */
export const DataTable = <T,>({ caption, columns, rows, rowKey, href, empty, isStale = false }: Props<T>) => {
  if (rows?.length === 0) return <>{empty}</>
  return (
    <div className={classes.frame} aria-busy={rows === undefined || isStale} data-stale={isStale || undefined}>
      <table className={classes.table}>
        <caption>
          <VisuallyHidden>{caption}</VisuallyHidden>
        </caption>
        <thead>
          <tr>
            {columns.map(({ label, width, align, from, isLabelHidden }) => (
              <th key={label} scope="col" data-from={from} data-align={align} style={{ width }}>
                {isLabelHidden ? <VisuallyHidden>{label}</VisuallyHidden> : label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows?.map((row) => (
            <tr key={rowKey(row)} data-linked={href !== undefined || undefined}>
              {columns.map(({ label, cell, align, from }, index) => (
                <td key={label} data-from={from} data-align={align}>
                  {index === 0 && href ? (
                    <Link to={href(row)} className={classes.link}>
                      {cell(row)}
                    </Link>
                  ) : (
                    cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
          {rows === undefined && <Waiting columns={columns} />}
        </tbody>
      </table>
    </div>
  )
}

const waitingRows = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']

const Waiting = <T,>({ columns }: { columns: readonly Column<T>[] }) =>
  waitingRows.map((row) => (
    <tr key={row}>
      {columns.map(({ label, from }, index) => (
        <td key={label} data-from={from}>
          <Skeleton height={12} width={index === 0 ? '70%' : '50%'} my={4} />
        </td>
      ))}
    </tr>
  ))
