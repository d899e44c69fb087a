/** Who a certificate is about. */
export interface Subject {
  readonly commonName: string;
  /** The API server reads each as a group of the user's. */
  readonly organization: string | readonly string[] | null;
}

/** None, one or several, in their order. */
export function organizations({ organization }: Pick<Subject, 'organization'>): readonly string[] {
  if (organization === null) return [];
  return typeof organization === 'string' ? [organization] : organization;
}
