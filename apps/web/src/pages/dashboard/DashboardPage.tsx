import { PageHeader } from '../../ui/PageHeader.tsx'

export const DashboardPage = () => <PageHeader title="Dashboard" />
