import { Text } from '@mantine/core'
import type { Branch, BranchStatus, Execution } from '@opsconductor/contract'
import { Link } from '@tanstack/react-router'
import { type KeyboardEvent, useRef } from 'react'
import { SearchField } from '../../ui/Filters.tsx'
import { useSearchChange } from '../../ui/search-change.ts'
import { StatusBadge } from '../../ui/StatusBadge.tsx'
import classes from './BranchList.module.css'
import { branchStatuses } from './execution-state.ts'
import { useFixedRows } from './use-fixed-rows.ts'

type Props = {
  execution: Execution
  rows: readonly Branch[]
  /** Number of the branch that is shown. */
  selected: string | undefined
  status: BranchStatus | undefined
  q: string | undefined
}

const rowPx = 44

/** All branches as a list of links; the counts over it are its filters. Arrow keys go from one to the next. */
export const BranchList = ({ execution, rows, selected, status, q }: Props) => {
  const scroller = useRef<HTMLDivElement>(null)
  const change = useSearchChange()
  const index = rows.findIndex(({ number }) => number === selected)
  const { first, last } = useFixedRows(scroller, rows.length, rowPx, { index, key: selected })

  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key]
    const next = to === undefined ? undefined : rows[to]
    if (next === undefined) return
    event.preventDefault()
    change({ values: { branch: Number(next.number) } })
  }
  // what scrolls must be reachable by keyboard (WCAG 2.2, 2.1.1)
  const keyboard = { tabIndex: 0, onKeyDown }
  return (
    <nav aria-label="Branches" className={classes.branches}>
      <div>
        <SearchField q={q} label="Search branches" />
      </div>
      <Counts execution={execution} status={status} />
      <div ref={scroller} className={classes.scroller} {...keyboard}>
        {rows.length === 0 && (
          <Text size="sm" c="dimmed" p="md">
            No branch is like that.
          </Text>
        )}
        <ul style={{ height: rows.length * rowPx }} className={classes.list}>
          {rows.slice(first, last + 1).map((branch, place) => (
            <li
              key={branch.number}
              className={classes.item}
              style={{ transform: `translateY(${(first + place) * rowPx}px)` }}
            >
              <BranchLink branch={branch} isSelected={branch.number === selected} />
            </li>
          ))}
        </ul>
      </div>
    </nav>
  )
}

const BranchLink = ({ branch, isSelected }: { branch: Branch; isSelected: boolean }) => (
  <Link
    to="."
    search={(search) => ({ ...search, branch: Number(branch.number) })}
    replace
    resetScroll={false}
    className={classes.link}
    aria-current={isSelected || undefined}
    data-selected={isSelected || undefined}
    tabIndex={-1}
  >
    <span className={`${classes.number} number`}>{branch.number}</span>
    <span className={classes.name} title={branch.target.name}>
      {branch.target.name}
    </span>
    <StatusBadge status={branch.status} />
  </Link>
)

const Counts = ({ execution, status }: { execution: Execution; status: BranchStatus | undefined }) => {
  const { counts } = execution
  const present = branchStatuses.filter((each) => counts[each] > 0 || each === status)
  return (
    <div className={classes.counts}>
      <Count label="All" count={counts.total} to={undefined} isSet={status === undefined} />
      {present.map((each) => (
        <Count key={each} label={each} count={counts[each]} to={each} isSet={status === each} />
      ))}
    </div>
  )
}

type CountProps = { label: string; count: number; to: BranchStatus | undefined; isSet: boolean }

const Count = ({ label, count, to, isSet }: CountProps) => {
  const change = useSearchChange()
  return (
    <button
      type="button"
      className={classes.count}
      aria-pressed={isSet}
      onClick={() => change({ values: { status: to } })}
    >
      {label} <b className="number">{count.toLocaleString('en')}</b>
    </button>
  )
}
