/** Adds up vitest's JSON reports, one a layer, and what else failed; prints the last line of scripts/test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Of an error, what a page of others leaves room for: what was tried is said at its beginning, what came of it at its end. */
const FIRST_LINES = 4;
const LAST_LINES = 16;

/** The failed tests of a layer, each with what it met: the output of a long run is often kept from its end alone. */
function failures({ testResults = [] }) {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === 'failed');
    // A file that cannot be loaded has no tests.
    if (tests.length === 0 && message) return [[relative(process.cwd(), name), message]];
    return tests.map((test) => [
      `${relative(process.cwd(), name)}: ${test.fullName}`,
      (test.failureMessages ?? []).join('\n'),
    ]);
  });
}

/** The lines of an error without its stack and what is in the middle of many. */
function excerpt(words) {
  const lines = stripVTControlCharacters(words)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^ +at .+:\d+:\d+\)?$/.test(line));
  const left = lines.length - FIRST_LINES - LAST_LINES;
  if (left <= 1) return lines;
  return [...lines.slice(0, FIRST_LINES), `… ${left} lines …`, ...lines.slice(-LAST_LINES)];
}

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
  for (const [test, words] of failures(counts)) {
    console.log(`test: failed: ${test}`);
    for (const line of excerpt(words)) console.log(`    ${line.slice(0, 200)}`);
  }
  console.log(
    `test: ${layer}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped${code === 0 ? '' : ` (vitest ended with ${code})`}`,
  );
}
if (passed === 0 && failed === 0) console.log('test: no tests ran');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
