/** A time as Kubernetes and people read it, in whole seconds; a fraction is dropped. `time`: milliseconds since the epoch, or a date. */
export function rfc3339(time: number | string | Date): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
