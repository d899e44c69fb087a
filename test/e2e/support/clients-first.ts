import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * The clients of a test stand for machines of their own: they get the processor before the masters do, which share it
 * with everything else on this host. Otherwise a test measures how long its own requests waited to be sent.
 */
export function clientsFirst(): void {
  setPriority(Math.max(-20, getPriority() - 10));
  // With automatic groups it is sessions that compete, of which each machine's services have their own. Who is in no
  // session, as children of a first process that has none, is in the root group, whose weight cannot be set (EINVAL) and
  // which shows nothing here; there the process competes for itself, by its priority.
  const group = '/proc/self/autogroup';
  if (existsSync(group) && readFileSync(group, 'utf8') !== '') writeFileSync(group, '-10');
}
