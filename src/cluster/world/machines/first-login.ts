/** A new machine's image boots, runs its boot script and starts sshd in this time on every provider. Milliseconds. */
export const FIRST_LOGIN_MS = 300_000;
