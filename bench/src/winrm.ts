/**
 * The WinRM client beside python3-winrm, against a machine that speaks as Windows does: round trips as exact counts, commands
 * over a long line, copying, many sessions. What Windows itself takes (a powershell.exe needs seconds to start) is not in it.
 */
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { collect, connect, download, upload, type Client, type ConnectOptions } from '@opsconductor/winrm'
import { startSlowLink, startWindows, type Windows } from '@opsconductor/transports/testing'
import { printHead, printTimes } from './figures.ts'
import { sayGoal } from './report/goal.ts'
import { median } from './report/median.ts'

const run = promisify(execFile)
const PYTHON = '/usr/bin/python3'
const users = { anna: 'Secret-1' }
const MB = 1_048_576
const COPIED_BYTES = 32 * MB
const COMMANDS = 40
const SESSIONS = 50

const to = (at: { host: string; port: number }): ConnectOptions => ({
  ...at,
  credentials: { type: 'ntlm', username: 'anna', password: users.anna },
})

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

/** Requests that a piece of work takes: to the service, and for the log-in. */
const counted = async (windows: Windows, work: () => Promise<unknown>) => {
  const [asked, requests] = [windows.asked.length, windows.traffic.requests]
  await work()
  const own = windows.asked.slice(asked)
  return { names: own, logIn: windows.traffic.requests - requests - own.length }
}

const oneShot = async (options: ConnectOptions): Promise<void> => {
  await using client = await connect(options)
  await using shell = await client.shell()
  await collect(await shell.run('ver'))
}

const countRoundTrips = async (): Promise<void> => {
  await using windows = await startWindows({ users })
  const log = ({ names, logIn }: Awaited<ReturnType<typeof counted>>, what: string) =>
    console.log(
      `${what.padEnd(52)}${String(names.length).padStart(8)}  ${names.join(' ')}${logIn === 0 ? '' : ` + ${logIn} for the log-in`}`,
    )
  console.log(`${'Round trips, exact'.padEnd(52)}${'count'.padStart(8)}`)
  const whole = await counted(windows, () => oneShot(to(windows)))
  log(whole, 'one command, from connecting to the end of its shell')
  await using client = await connect(to(windows))
  await using shell = await client.shell()
  const command = async () => {
    await collect(await shell.run('ver'))
    // its leave is taken behind its back: it is one of the round trips all the same
    while (windows.asked.at(-1) !== 'Signal') await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await command()
  const kept = await counted(windows, command)
  log(kept, 'a command on an open shell')
  sayGoal({ what: 'round trips of a command on an open shell', value: kept.names.length + kept.logIn, atMost: 3 })
  sayGoal({ what: 'round trips one-shot, without the log-in', value: whole.names.length, atMost: 5 })
  sayGoal({ what: 'round trips of the log-in', value: whole.logIn, atMost: 2 })
}

/** What a round trip of such a size takes by itself over this line: plain HTTP, a kept connection. */
const roundTripsAlone = async (roundTripMs: number): Promise<number> => {
  const answer = Buffer.alloc(1_800, 'x')
  const server = createServer((asked, response) => {
    asked.resume()
    asked.once('end', () => response.end(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    await using link = await startSlowLink(
      { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
      roundTripMs,
    )
    const post = () =>
      new Promise<void>((resolve, reject) => {
        const asking = request({ ...link.address, method: 'POST', agent }, (response) => {
          response.resume()
          response.once('end', resolve)
        })
        asking.once('error', reject)
        asking.end(Buffer.alloc(2_600, 'x'))
      })
    const times: number[] = []
    for (let n = 0; n < COMMANDS; n++)
      times.push(
        await timed(async () => {
          for (let trip = 0; trip < 3; trip++) await post()
        }),
      )
    return median(times)
  } finally {
    agent.destroy()
    server.close()
  }
}

const python = `
import sys, time, winrm
host, port, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
def protocol():
    return winrm.Session('http://%s:%s/wsman' % (host, port), auth=('anna', 'Secret-1'), transport='ntlm', message_encryption='always').protocol
def command(p, shell):
    c = p.run_command(shell, 'ver')
    p.get_command_output(shell, c)
    p.cleanup_command(shell, c)
p = protocol()
shell = p.open_shell()
command(p, shell)
for n in range(rounds):
    began = time.perf_counter()
    command(p, shell)
    print('open', (time.perf_counter() - began) * 1000)
p.close_shell(shell)
for n in range(max(3, rounds // 4)):
    began = time.perf_counter()
    p = protocol()
    shell = p.open_shell()
    command(p, shell)
    p.close_shell(shell)
    print('oneshot', (time.perf_counter() - began) * 1000)
`

/** Times of python3-winrm, or nothing where it is not installed. */
const askPython = async (at: { host: string; port: number }, rounds: number): Promise<Map<string, number[]>> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-winrm-'))
  try {
    const [script, legacy] = [join(folder, 'client.py'), join(folder, 'legacy.cnf')]
    writeFileSync(script, python)
    // its NTLM takes MD4 from OpenSSL, which gives it away only when told so
    writeFileSync(legacy, 'openssl_conf = a\n[a]\nproviders = b\n[b]\ndefault = c\nlegacy = c\n[c]\nactivate = 1\n')
    const environment = { ...process.env, OPENSSL_CONF: legacy }
    const { stdout } = await run(PYTHON, [script, at.host, String(at.port), String(rounds)], { env: environment })
    const times = new Map<string, number[]>()
    for (const line of stdout.trim().split('\n')) {
      const [what = '', ms = ''] = line.split(' ')
      times.set(what, [...(times.get(what) ?? []), Number(ms)])
    }
    return times
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const hasPython = () => spawnSync(PYTHON, ['-c', 'import winrm, requests_ntlm'], { stdio: 'ignore' }).status === 0

const measureCommands = async (): Promise<void> => {
  const isPythonHere = hasPython()
  if (!isPythonHere) console.log('python3-winrm is not installed: it is left out.')
  for (const addedMs of [0, 20, 100]) {
    const alone = await roundTripsAlone(addedMs)
    await using windows = await startWindows({ users })
    await using link = await startSlowLink(windows, addedMs)
    printHead(`${addedMs} ms added; three round trips alone take ${alone.toFixed(1)} ms`)
    const rounds = addedMs === 100 ? 15 : COMMANDS
    await using client = await connect(to(link.address))
    await using shell = await client.shell()
    const command = async () => void (await collect(await shell.run('ver')))
    for (let n = 0; n < 5; n++) await command()
    const times: number[] = []
    for (let n = 0; n < rounds; n++) times.push(await timed(command))
    const value = median(times) / alone
    printTimes(`  a command on an open shell (${value.toFixed(2)} × the round trips)`, times)
    sayGoal({ what: `a command at ${addedMs} ms ÷ its round trips alone`, value, atMost: 1.3 })
    const whole: number[] = []
    for (let n = 0; n < Math.max(3, rounds / 4); n++) whole.push(await timed(() => oneShot(to(link.address))))
    printTimes('  one-shot: connect, log in, command, leave', whole)
    if (!isPythonHere) continue
    const python = await askPython(link.address, rounds)
    printTimes('  python3-winrm: a command on an open shell', python.get('open') ?? [])
    printTimes('  python3-winrm: one-shot', python.get('oneshot') ?? [])
  }
}

const perSecond = (bytes: number, ms: number) => `${(bytes / MB / (ms / 1000)).toFixed(1)} MB/s`

const measureCopying = async (): Promise<void> => {
  await using windows = await startWindows({ users })
  await using client = await connect(to(windows))
  const content = Buffer.alloc(COPIED_BYTES, 'a line of sixty-four characters, more or less as in a log file.\n')
  const show = (what: string, ms: number, cpu: NodeJS.CpuUsage) => {
    const used = (cpu.user + cpu.system) / 1000
    console.log(
      `${what.padEnd(52)}${perSecond(COPIED_BYTES, ms).padStart(14)}  ${(used / (COPIED_BYTES / MB)).toFixed(1)} ms CPU per MB, both sides`,
    )
  }
  const measured = async (what: string, work: () => Promise<unknown>) => {
    await work()
    const cpu = process.cpuUsage()
    const ms = await timed(work)
    show(what, ms, process.cpuUsage(cpu))
    return COPIED_BYTES / MB / (ms / 1000)
  }
  const up = await measured('upload of 32 MB, sealed', () => upload(client, content, 'copied'))
  const down = await measured('download of 32 MB, sealed', async () => {
    let size = 0
    for await (const block of download(client, 'copied')) size += block.length
    if (size !== COPIED_BYTES) throw new Error(`${size} bytes came`)
  })
  await measured('output of 32 MB, sealed', async () => {
    const command = await client.run('head', { args: ['-c', String(COPIED_BYTES), '/dev/zero'] })
    let size = 0
    for await (const { data } of command.output) size += data.length
    if (size !== COPIED_BYTES) throw new Error(`${size} bytes came`)
  })
  for (const [way, value] of Object.entries({ up, down }))
    sayGoal({ what: `32 MB ${way}, sealed`, value, atLeast: 20, unit: ' MB/s' })
}

const measureSessions = async (): Promise<void> => {
  await using windows = await startWindows({ users, maxShells: 200 })
  const clients: Client[] = []
  const before = process.memoryUsage().rss
  const opening = await timed(async () => {
    clients.push(...(await Promise.all(Array.from({ length: SESSIONS }, () => connect(to(windows))))))
  })
  const cpu = process.cpuUsage()
  const ms = await timed(() =>
    Promise.all(
      clients.map(async (client) => {
        for (let n = 0; n < 10; n++) await collect(await client.run('ver'))
      }),
    ),
  )
  const { user, system } = process.cpuUsage(cpu)
  console.log(
    `${SESSIONS} sessions in one process: opened in ${opening.toFixed(0)} ms; 10 commands each in ${ms.toFixed(0)} ms ` +
      `(${((user + system) / 1000).toFixed(0)} ms CPU, both sides), ${((process.memoryUsage().rss - before) / MB).toFixed(0)} MB`,
  )
  await Promise.all(clients.map((client) => client.close()))
}

export const measureWinrm = async (): Promise<void> => {
  console.log(`load ${loadavg()[0]?.toFixed(1)}; NTLM over plain HTTP, every message sealed; times in ms`)
  await countRoundTrips()
  await measureCommands()
  await measureCopying()
  await measureSessions()
}
