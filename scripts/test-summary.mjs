/** Adds up vitest's JSON reports, one a layer, and what else failed; prints the last line of scripts/test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, broken] = process.argv.slice(2);
let passed = 0;
let failed = Number(broken);
for (const file of readdirSync(folder).filter((name) => name.endsWith('.code'))) {
  const layer = file.replace('.code', '');
  const code = Number(readFileSync(join(folder, file), 'utf8'));
  const report = join(folder, `${layer}.json`);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0 } = counts;
  passed += numPassedTests;
  failed += numFailedTests;
  // An unhandled error, a file that cannot be loaded, or a crash: vitest fails without a failed test.
  if (code !== 0 && numFailedTests === 0) failed += 1;
  console.log(
    `test: ${layer}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped${code === 0 ? '' : ` (vitest ended with ${code})`}`,
  );
}
if (passed === 0 && failed === 0) console.log('test: no tests ran');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
