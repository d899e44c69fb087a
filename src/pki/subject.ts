/** Who a certificate is about. */
export interface Subject {
  readonly commonName: string;
  /** The API server reads each as a group of the user's. */
  readonly organization: string | readonly string[] | null;
}

/** Of a name as Node writes it, a line an attribute; empty: it has none. */
export function commonNameIn(name: string | undefined): string {
  return /^CN=(.*)$/m.exec(name ?? '')?.[1] ?? '';
}

/** None, one or several, in their order. */
export function organizations({ organization }: Pick<Subject, 'organization'>): readonly string[] {
  if (organization === null) return [];
  return typeof organization === 'string' ? [organization] : organization;
}
