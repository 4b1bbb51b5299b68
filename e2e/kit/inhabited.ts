import { api, ProblemError, type Execution, type JobDetail, type JobDocumentInput } from '@opsconductor/contract'
import type { Sshd } from '@opsconductor/transports/testing'
import { logIn, type Client } from './client.ts'
import type { House } from './house.ts'
import type { Machines } from './machines.ts'

/** The password that the administrator chooses at the first log-in. */
export const chosenPassword = 'correct horse battery'

/** A running server with machines to run jobs on, shared by the tests of a file. */
export interface Inhabited {
  readonly house: () => House
  readonly machines: () => Machines
  /** Logged in as the administrator, past the change of the printed password. */
  readonly admin: () => Promise<Client>
  /** Adds a target, and once for all of them a credential; gives back the target's name. */
  readonly addTarget: (
    machine: Pick<Sshd, 'host' | 'port'>,
    change?: { name?: string; credential?: string },
  ) => Promise<string>
  /** Names of targets for the machines, added by the API when first asked for. */
  readonly targets: () => Promise<string[]>
  /** Saves a job of a name of its own. */
  readonly addJob: (document: Omit<JobDocumentInput, 'name'> & { name?: string }) => Promise<JobDetail>
  /** Saves a job of one command (or script) and starts it. */
  readonly run: (command: string, targets: string[], more?: Partial<JobDocumentInput>) => Promise<Execution>
}

const credentialName = 'machine key'

/** @param there the server and its machines, which may not be there yet when this is called */
export const moveIn = (there: { house: () => House; machines: () => Machines }): Inhabited => {
  let client: Promise<Client> | undefined
  let targets: Promise<string[]> | undefined
  let number = 0
  const admin = () => (client ??= logInPastTheDoor(there.house()))

  const ensureCredential = async ({ call }: Client) => {
    const { items } = await call(api.credentials.list, { query: { q: credentialName } })
    if (items.some(({ name }) => name === credentialName)) return
    const { username, privateKey } = there.machines()
    const body = { name: credentialName, type: 'ssh_key' as const, secret: { username, privateKey } }
    await call(api.credentials.create, { body })
  }
  const addTarget: Inhabited['addTarget'] = async ({ host, port }, change = {}) => {
    const { call } = await admin()
    const { name = `target-${++number}`, credential = credentialName } = change
    if (credential === credentialName) await ensureCredential({ call } as Client)
    await call(api.targets.create, { body: { name, methods: [{ type: 'ssh', config: { host, port }, credential }] } })
    return name
  }
  const addJob: Inhabited['addJob'] = async (document) => {
    const { call } = await admin()
    return call(api.jobs.create, { body: { name: `job ${++number}`, ...document } })
  }
  return {
    ...there,
    admin,
    addTarget,
    targets: () =>
      (targets ??= (async () => {
        const names: string[] = []
        for (const machine of there.machines().all) names.push(await addTarget(machine))
        return names
      })()),
    addJob,
    async run(command, targets, more = {}) {
      const { call } = await admin()
      const job = await addJob({ steps: [{ type: 'ssh.exec', command }], ...more })
      return call(api.executions.start, { params: { ref: job.uuid }, body: { targets } })
    },
  }
}

/** The administrator's first log-in, unless somebody has been there before. */
const logInPastTheDoor = async ({ url, printedPassword }: House): Promise<Client> => {
  try {
    return await logIn(url, 'admin', chosenPassword)
  } catch (error) {
    if (!(error instanceof ProblemError && error.problem.code === 'wrong_credentials')) throw error
  }
  const { call } = await logIn(url, 'admin', printedPassword)
  await call(api.auth.changePassword, { body: { currentPassword: printedPassword, newPassword: chosenPassword } })
  return logIn(url, 'admin', chosenPassword)
}
