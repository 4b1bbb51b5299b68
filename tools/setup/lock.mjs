import { createHash, randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Runs `act` while no other process works on the same checkout. */
export const withLock = async (root, act) => {
  // not inside node_modules, which an installation removes
  const file = join(tmpdir(), `opsconductor-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`)
  const mine = `${process.pid} ${randomUUID()}`
  for (let waited = 0; !take(file, mine); waited++) {
    if (waited === 0) console.log('Another process is setting up this checkout; waiting for it …')
    await sleep(200)
  }
  const letGo = () => {
    if (read(file) === mine) rmSync(file, { force: true })
  }
  const onSignal = () => {
    letGo()
    process.exit(130)
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    await act()
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    letGo()
  }
}

const take = (file, mine) => {
  try {
    writeFileSync(file, mine, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  const holder = read(file)
  if (holder !== undefined && !isAlive(Number.parseInt(holder, 10))) breakLock(file, holder)
  return false
}

/** Removes the lock of a dead process. If another was quicker and we caught its fresh lock, it gets it back. */
const breakLock = (file, stale) => {
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
    if (read(aside) !== stale) linkSync(aside, file)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

const read = (file) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // let go just now
  }
}

const isAlive = (pid) => {
  if (!(pid > 0)) return true // being written just now
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
