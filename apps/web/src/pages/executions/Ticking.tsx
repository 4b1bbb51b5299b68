import { useEffect, useState } from 'react'
import { duration } from '../../ui/time.ts'
import { durationOf } from './execution-state.ts'

/** The time by this browser's clock, each second while something runs. */
const useNow = (isTicking: boolean) => {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    if (!isTicking) return undefined
    const ticking = setInterval(() => setNowMs(Date.now()), 1000)
    return () => clearInterval(ticking)
  }, [isTicking])
  return nowMs
}

type Props = { startedAt: string | null; finishedAt: string | null }

/** How long something took, or takes. */
export const Ticking = ({ startedAt, finishedAt }: Props) => {
  const nowMs = useNow(startedAt !== null && finishedAt === null)
  const ms = durationOf({ startedAt, finishedAt }, nowMs)
  if (ms === null) return <>–</>
  const isRunning = finishedAt === null
  return <span className="number">{duration(isRunning ? Math.floor(ms / 1000) * 1000 : ms)}</span>
}
