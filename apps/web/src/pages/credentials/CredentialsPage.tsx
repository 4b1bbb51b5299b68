import { PageHeader } from '../../ui/PageHeader.tsx'

export const CredentialsPage = () => <PageHeader title="Credentials" />
