/** A rule that must hold in every state was broken. */
export class Violation extends Error {}
