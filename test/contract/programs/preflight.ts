/** Says `ready`, or `<kind>: <message>; <advice>`, as the local provider's preflight finds this process: `preflight.ts [machines]`. */
import { ProviderError } from '../../../src/providers/errors.ts';
import { preflight } from '../../../src/providers/local/preflight.ts';

try {
  const cache = process.env.HAUP_CACHE ?? '/nonexistent';
  const context = { cacheFolder: cache, binariesFolder: cache, environment: process.env };
  await preflight(context, process.argv[2] ? Number(process.argv[2]) : undefined);
  console.log('ready');
} catch (error) {
  if (!(error instanceof ProviderError)) throw error;
  console.log(`${error.kind}: ${error.message}; ${error.advice}`);
}
