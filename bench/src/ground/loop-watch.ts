/** Loaded into the measured server: tells whoever started it how late the event loop of its main thread is. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export type LoopDelay = { p50Ms: number; p99Ms: number; maxMs: number }

if (isMainThread && process.send !== undefined) {
  const resolutionMs = 1
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  // what it counts is the time between two looks, of which one resolution is no delay
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  process.on('message', (message) => {
    if (message !== 'loop delay') return
    const { max } = histogram
    const delay: LoopDelay = {
      p50Ms: late(histogram.percentile(50)),
      p99Ms: late(histogram.percentile(99)),
      maxMs: late(max),
    }
    histogram.reset()
    process.send?.(delay)
  })
  // whoever measures may be stopped in the middle
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref() // it is to end as it would without being watched
}
