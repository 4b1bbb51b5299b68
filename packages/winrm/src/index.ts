export { connect, type Client } from './client.ts'
export { quoteArgument, quoteForCmd } from './cmd/command-line.ts'
export type { ClientCertificate, TlsOptions } from './connection/trust.ts'
export type { Credentials } from './credentials.ts'
export {
  AuthError,
  CancelledError,
  CommandTooLongError,
  ConnectionError,
  ProtocolError,
  RemoteFileError,
  QuotaError,
  RemoteFault,
  ShellLostError,
  TimeoutError,
  TlsError,
  WinrmError,
} from './errors.ts'
export { download, downloadFile, type DownloadOptions } from './files/download.ts'
export { upload, uploadFile, type Content, type UploadOptions } from './files/upload.ts'
export { ntHash } from './ntlm/response.ts'
export { offers } from './offers.ts'
export type { ConnectOptions } from './options.ts'
export { quoteForPowerShell } from './powershell/quote.ts'
export {
  powershell,
  type PowerShellCommand,
  type PowerShellOptions,
  type PowerShellPiece,
  type PowerShellStream,
} from './powershell/run.ts'
export { psrp, type Psrp } from './psrp/psrp.ts'
export type { PipelineOptions, RunspaceSettings } from './psrp/runspace.ts'
export { probe, type Phase, type ProbeCommand, type PhaseReport, type ProbeReport } from './probe.ts'
export type { OutputPiece } from './winrs/answers.ts'
export { collect, type Collected } from './winrs/collect.ts'
export type { Command, CommandLimits, Exit } from './winrs/command.ts'
export type { ShellSettings, SignalName } from './winrs/requests.ts'
export type { RunOptions, Shell } from './winrs/shell.ts'
export type { Input } from './winrs/stdin.ts'
export type { Copied } from './files/copying.ts'
