export { TransportError, type ConnectPhase, type Fault, type FaultDetails } from './fault.ts'
export { copyDown, copyUp, type CopyRequest, type CopyUpRequest } from './copy/copy.ts'
export { copyFileDown, copyFileUp, type CopyFileRequest, type CopyFileUpRequest } from './copy/copy-file.ts'
export type { TargetFiles } from './copy/target-files.ts'
export type { CopyProgress, CopyResult, Skipped, VerifiedBy } from './copy/result.ts'
export type { OutputStream, Shell, ShellCommand, ShellExit, Stopped } from './shell.ts'
export type {
  Detached,
  DetachedCommand,
  FollowEnd,
  FollowRequest,
  Guard,
  Guarded,
  GuardedShell,
  GuardAnswer,
  OutputPosition,
  PosixShell,
  RecordedExit,
  StopReason,
  StopRequest,
} from './posix/posix-shell.ts'
export { quoteForCmd, quoteForPowerShell } from '@opsconductor/winrm'
export { createLocalWire, type LocalWire, type LocalWireOptions } from './local/wire.ts'
export {
  createSshWire,
  type SshConnectRequest,
  type SshRequest,
  type SshWire,
  type SshWireOptions,
} from './ssh/wire.ts'
export {
  createWinrmWire,
  type WinrmConnectRequest,
  type WinrmRequest,
  type WinrmWire,
  type WinrmWireOptions,
} from './winrm/wire.ts'

export type { WinrmEndpoint, WinrmTrust } from './winrm/endpoint.ts'
export type { WinrmLogin } from './winrm/login.ts'
export type { WinrmProbeReport } from './winrm/probe.ts'
export type { Answer } from './ssh/answers.ts'
export type { SshClient, SshEndpoint } from './ssh/endpoint.ts'
export type { SshJump } from './ssh/route.ts'
export type { OpensshOptions } from './openssh/dialer.ts'
export { placeName, type SshAddress } from './ssh/dial.ts'
export type { Trust, TrustVerdict } from './ssh/handshake.ts'
export { describeHostKey, type HostKey } from './ssh/host-key.ts'
export type { SshLogin } from './ssh/login.ts'
export type { OnPhase } from './ssh/phases.ts'
export type { ProbePhase, ProbeReport } from './ssh/probe.ts'
export { describeCertificate, type CertificateDescription } from './ssh/certificate.ts'
export { describePrivateKey } from './ssh/private-key.ts'
