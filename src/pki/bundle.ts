/** The certificates of a bundle, PEM, each with its BEGIN and END, whatever stands between them. */
export function certificatesIn(bundle: string): string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
