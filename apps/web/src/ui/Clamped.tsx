import classes from './Clamped.module.css'

/** Words of people in a list: two lines at most, and the whole on hover. */
export const Clamped = ({ text }: { text: string }) => (
  <span className={classes.clamped} title={text}>
    {text}
  </span>
)
