import { Button, type ButtonProps } from '@mantine/core'
import { Link, type LinkProps } from '@tanstack/react-router'

/** A link that looks like a button: it leads somewhere, so it opens in a new tab as links do. */
export const LinkButton = ({ children, ...props }: ButtonProps & { to: string; search?: LinkProps['search'] }) => (
  <Button renderRoot={(rest) => <Link {...rest} to={props.to} search={props.search} />} {...props}>
    {children}
  </Button>
)
