import { type MethodConfig, type MethodInput, isWinrmOverHttps } from '@opsconductor/contract'

/** WinRM's settings as the form holds them. */
export type WinrmDraft = {
  https: 'https' | 'http'
  auth: NonNullable<MethodConfig['auth']>
  transport: NonNullable<MethodConfig['transport']>
  certificateTrust: NonNullable<MethodConfig['certificateTrust']>
  caCertificate: string
  allowUnencrypted: boolean
}

export const winrmDraftOf = (config: Partial<MethodConfig> = {}): WinrmDraft => ({
  https: isWinrmOverHttps(config) ? 'https' : 'http',
  auth: config.auth ?? 'ntlm',
  transport: config.transport ?? 'winrs',
  certificateTrust: config.certificateTrust ?? 'pinned',
  caCertificate: config.caCertificate ?? '',
  allowUnencrypted: config.allowUnencrypted ?? false,
})

/** Only what differs from what goes without saying, so that a form that was only opened changes nothing. */
export const winrmConfigOf = (
  { https, auth, transport, certificateTrust, caCertificate, allowUnencrypted }: WinrmDraft,
  before: Partial<MethodConfig> | undefined,
): Partial<MethodInput['config']> => {
  const isHttps = https === 'https'
  const original = before ?? {}
  const said = <V>(value: V, usual: V, before: V | undefined): V | undefined =>
    value === usual && before === undefined ? undefined : value
  return {
    https: before !== undefined && isHttps === isWinrmOverHttps(before) ? before.https : isHttps,
    auth: said(auth, 'ntlm', original.auth),
    transport: said(transport, 'winrs', original.transport),
    certificateTrust: said(certificateTrust, 'pinned', original.certificateTrust),
    caCertificate: certificateTrust === 'authority' && caCertificate.trim() !== '' ? caCertificate : undefined,
    allowUnencrypted: said(allowUnencrypted && !isHttps && auth === 'basic', false, original.allowUnencrypted),
  }
}
