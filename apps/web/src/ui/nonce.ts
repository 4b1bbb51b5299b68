import { setNonce } from 'get-nonce'

/** The nonce of this page, which the server put into it: styles made at run time carry it, others are refused. */
export const pageNonce = () => document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

/** For react-remove-scroll under every dialog, which makes a style element of its own. */
export const spreadNonce = () => setNonce(pageNonce())
