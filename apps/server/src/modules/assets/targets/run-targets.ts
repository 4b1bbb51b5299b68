import type { MethodType, Target } from '@opsconductor/contract'

/** One way to reach a target, as an executor needs it: the address and which credential, never its secret. */
export type RunMethod = {
  uuid: string
  type: MethodType
  name: string
  host: string
  port: number
  /** For name, TCP, key exchange and log-in together; null leaves it to the wire. */
  connectTimeoutSec: number | null
  /** Null when the method needs none, or was given `none`. */
  credential: { uuid: string; name: string; secretVersion: number } | null
}

/** A target as a plan and an executor need it. `methods` are the active ones: the primary first, then by priority. */
export type RunTarget = {
  uuid: string
  serial: string
  name: string
  zone: string
  status: Target['status']
  environment: string | null
  osType: Target['osType']
  tags: string[]
  attributes: Record<string, string | number | boolean>
  methods: RunMethod[]
}

/** `found` in the order asked for, each once; `missing` are the references that name no target in use. */
export type RunTargets = { found: RunTarget[]; missing: string[] }
