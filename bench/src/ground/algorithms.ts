/** Both sides use the same: what differs most in cost is the key exchange. */
export const quickKex = 'curve25519-sha256'
export const cipher = 'aes128-gcm@openssh.com'
