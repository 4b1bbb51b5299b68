import type { CredentialType } from '@opsconductor/contract'

/** What a person calls the types of credentials. */
export const credentialWords: Record<CredentialType, string> = {
  ssh_key: 'SSH key',
  password: 'User name and password',
  ssh_certificate: 'SSH certificate',
  ssh_agent: 'SSH key agent',
  ssh_system: 'SSH by the executor’s own account (Kerberos, key files)',
  ssh_keyboard_interactive: 'Answers to questions (keyboard-interactive)',
  api_key: 'API key',
  bearer: 'Bearer token',
  certificate: 'Client certificate',
  windows_domain: 'Windows domain account',
  snmp_community: 'SNMP community',
  snmp_v3: 'SNMP v3 user',
}

export const credentialChoices = Object.entries(credentialWords).map(([value, label]) => ({ value, label }))
