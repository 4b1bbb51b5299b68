import { PageHeader } from '../../ui/PageHeader.tsx'

export const ProfilePage = () => <PageHeader title="Profile" />
