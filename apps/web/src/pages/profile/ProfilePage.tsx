import { SegmentedControl, SimpleGrid, Stack, Text, useMantineColorScheme } from '@mantine/core'
import { useMe } from '../../session/index.ts'
import { tellDone } from '../../ui/notices.ts'
import { PageHeader } from '../../ui/PageHeader.tsx'
import { Section } from '../../ui/Section.tsx'
import { PasswordForm } from './PasswordForm.tsx'
import { ProfileForm } from './ProfileForm.tsx'
import { SessionsSection } from './SessionsSection.tsx'

export const ProfilePage = () => {
  const me = useMe()
  return (
    <>
      <PageHeader
        title="Profile"
        description={
          <>
            <span className="mono">{me.username}</span>
            {` · ${me.roles.join(', ')}`}
          </>
        }
      />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg" style={{ alignItems: 'start' }}>
        <Stack gap="lg">
          <Section title="About you">
            <ProfileForm me={me} />
          </Section>
          <Section title="Appearance">
            <Appearance />
          </Section>
        </Stack>
        <Stack gap="lg">
          <Section title="Password" description="Your other sessions end when you change it">
            <PasswordForm onDone={() => tellDone('Your password is changed')} />
          </Section>
          <SessionsSection />
        </Stack>
      </SimpleGrid>
    </>
  )
}

const Appearance = () => {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <>
      <SegmentedControl
        aria-label="Colour scheme"
        value={colorScheme}
        onChange={(scheme) => setColorScheme(scheme)}
        data={[
          { value: 'auto', label: 'As the system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
      />
      <Text size="xs" c="dimmed" mt="xs">
        Kept in this browser.
      </Text>
    </>
  )
}
