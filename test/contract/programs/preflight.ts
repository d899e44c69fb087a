/** Says `ready`, or `<kind>: <message>; <advice>`, as the local provider's preflight finds this process. */
import { ProviderError } from '../../../src/providers/errors.ts';
import { preflight } from '../../../src/providers/local/preflight.ts';

try {
  await preflight();
  console.log('ready');
} catch (error) {
  if (!(error instanceof ProviderError)) throw error;
  console.log(`${error.kind}: ${error.message}; ${error.advice}`);
}
