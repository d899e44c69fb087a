import type { AdmissionPlugin } from '../config.ts';

/** The API server's AdmissionConfiguration: how plugins that are on behave. */
export function admissionConfiguration(plugins: readonly AdmissionPlugin[]): string {
  const apiVersion = 'apiserver.config.k8s.io/v1';
  return `${JSON.stringify({ apiVersion, kind: 'AdmissionConfiguration', plugins }, null, 2)}\n`;
}
