import classes from './Brand.module.css'

/** A baton and the waves it makes. */
export const Brand = ({ size = 24 }: { size?: number }) => (
  <span className={classes.brand}>
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill="#0f6a7f" />
      <path d="M8 23 16 9" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" fill="none" />
      <circle cx="8" cy="23" r="2.6" fill="#fff" />
      <path
        d="M17.5 13.5c3.6.4 6.3 3 6.8 6.6M14.6 18.6c2.4.3 4.2 2 4.6 4.4"
        stroke="#9fdcea"
        strokeWidth="2.2"
        strokeLinecap="round"
        fill="none"
      />
    </svg>
    OpsConductor
  </span>
)
