/** Says `ready`, or `<kind>: <message>; <advice>`, as the local provider's preflight finds this process: `preflight.ts [machines]`. */
import { ProviderError } from '../../../src/providers/errors.ts';
import { preflight } from '../../../src/providers/local/preflight.ts';

try {
  const programs = process.env.HAUP_CACHE ?? '/nonexistent';
  await preflight(process.argv[2] ? { machines: Number(process.argv[2]), programs } : null);
  console.log('ready');
} catch (error) {
  if (!(error instanceof ProviderError)) throw error;
  console.log(`${error.kind}: ${error.message}; ${error.advice}`);
}
