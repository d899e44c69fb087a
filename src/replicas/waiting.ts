/** What every call here takes besides its subject. */
export interface Waiting {
  readonly signal?: AbortSignal | undefined;
  /** What is being waited for now: "the API server: poststarthook/rbac/bootstrap-roles". */
  readonly progress?: ((message: string) => void) | undefined;
}
