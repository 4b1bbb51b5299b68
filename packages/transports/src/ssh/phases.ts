import type { ConnectPhase } from '../fault.ts'

export type OnPhase = (phase: ConnectPhase, state: 'started' | 'finished', ms: number) => void

export type Phases = {
  begin(phase: ConnectPhase): void
  finish(): void
  current(): ConnectPhase
}

/** Says where a connection is on its way, with the milliseconds each part took. */
export const createPhases = (onPhase: OnPhase = () => {}): Phases => {
  let current: ConnectPhase = 'dns'
  let startedAt = 0
  return {
    begin(phase) {
      current = phase
      startedAt = performance.now()
      onPhase(phase, 'started', 0)
    },
    finish: () => onPhase(current, 'finished', performance.now() - startedAt),
    current: () => current,
  }
}
