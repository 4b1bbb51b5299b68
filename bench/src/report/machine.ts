import { spawnSync } from 'node:child_process'
import { fstatSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { median } from './median.ts'

const timed = (work: () => void): number => {
  const beganAt = performance.now()
  work()
  return performance.now() - beganAt
}

/** A system call that does next to nothing, in microseconds: virtual machines differ tenfold. */
const systemCallUs = (): number => {
  const calls = 20_000
  const ms = timed(() => {
    for (let call = 0; call < calls; call++) fstatSync(1)
  })
  return (ms / calls) * 1_000
}

const processMs = (): number => median(Array.from({ length: 20 }, () => timed(() => void spawnSync('/bin/true'))))

/** What figures depend on: a line above them. */
export const sayMachine = (): void => {
  const [cpu] = cpus()
  const parts = [
    new Date().toISOString().slice(0, 16).replace('T', ' '),
    `${cpus().length} × ${cpu?.model ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `kernel ${release()}`,
    `Node ${process.versions.node}`,
    sshVersion(),
    `fstat ${systemCallUs().toFixed(2)} µs`,
    `/bin/true ${processMs().toFixed(1)} ms`,
    `load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  ]
  console.log(`${parts.join(' · ')}\n`)
}

const sshVersion = (): string => {
  try {
    const { stderr } = spawnSync('ssh', ['-V'], { encoding: 'utf8' })
    return stderr.split(',')[0]?.trim() ?? ''
  } catch {
    return 'no ssh'
  }
}
