import type { Context } from './api/cloud.ts';
import { GceError } from './api/errors.ts';
import type { Login } from './api/login.ts';
import { mustBeZone } from './zones.ts';

/** Credentials, project, API and zone: what would otherwise fail in the middle. One call. */
export async function preflight(
  context: Context,
  login: () => Login,
  zones: () => Promise<readonly string[]>,
): Promise<void> {
  await login().check();
  await context.cloud.project();
  try {
    await mustBeZone(zones, context.cluster.zone);
  } catch (error) {
    if (!(error instanceof GceError) || error.kind === 'transient' || error.kind === 'not-found') throw error;
    throw new GceError('preflight', error.reason, error.message, { advice: error.advice ?? undefined });
  }
}
