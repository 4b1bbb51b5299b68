import { notifications } from '@mantine/notifications'
import { describeError } from './ErrorView.tsx'

/** Says briefly that something was done. */
export const tellDone = (message: string) => notifications.show({ message, color: 'petrol', autoClose: 3_500 })

/** Says that something failed which has no better place for it than the corner. */
export const tellError = (error: unknown) => {
  const { title, detail, fields = [] } = describeError(error)
  const message = [detail, ...fields.map(({ path, message }) => `${path}: ${message}`)].join(' ')
  notifications.show({ title, message, color: 'red', autoClose: 10_000 })
}
