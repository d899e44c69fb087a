import { expect, test } from 'vitest';
import { ProviderError } from '../../../../src/providers/errors.ts';
import { translated } from '../../../../src/providers/local/failures.ts';
import { ExecError } from '../../../../src/util/exec.ts';
import { TimeoutError } from '../../../../src/util/wait.ts';

const { signal } = new AbortController();
const failing = (error: unknown, by = signal) =>
  translated('machines:', { list: () => Promise.reject(error) }, by).list();
const system = (code: string, message = code) => Object.assign(new Error(message), { code });

test.each([
  [system('ENOSPC'), 'quota'],
  [system('EACCES'), 'denied'],
  [system('ENOENT', 'spawn nft ENOENT'), 'preflight'],
  [new ExecError('ip', { code: 1, stdout: '', stderr: 'RTNETLINK answers: busy' }), 'transient'],
  [new ExecError('mkdir', { code: 1, stdout: '', stderr: 'No space left on device' }), 'quota'],
  [new TimeoutError('a boot', 1000, undefined), 'transient'],
])('%s is a provider error of kind %s', async (error, kind) => {
  await expect(failing(error)).rejects.toMatchObject({ name: 'ProviderError', kind, cause: error });
});

test('the system’s own words are kept', async () => {
  const error = new ExecError('ip', { code: 2, stdout: '', stderr: 'RTNETLINK answers: File exists' });
  await expect(failing(error)).rejects.toThrow(/machines: list: ip failed .*RTNETLINK answers: File exists/);
});

test('a provider error passes as it is, and so does a defect', async () => {
  const known = new ProviderError('conflict', 'taken');
  await expect(failing(known)).rejects.toBe(known);
  const defect = new TypeError('x is undefined');
  await expect(failing(defect)).rejects.toBe(defect);
});

test('an aborted call ends with the abort’s reason, whatever broke by it', async () => {
  const reason = new Error('SIGINT');
  await expect(failing(system('ENOENT'), AbortSignal.abort(reason))).rejects.toBe(reason);
});
