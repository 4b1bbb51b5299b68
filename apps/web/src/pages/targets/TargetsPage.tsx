import { PageHeader } from '../../ui/PageHeader.tsx'

export const TargetsPage = () => <PageHeader title="Targets" />
