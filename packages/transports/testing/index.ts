export { collect, trustOnly, until, type Collected } from './collect.ts'
export { findProgram, sshdAvailable } from './find-sshd.ts'
export { listProcesses, type Process } from './processes.ts'
export { startSshd, type HostKeyType, type Sshd, type SshdOptions } from './sshd.ts'
