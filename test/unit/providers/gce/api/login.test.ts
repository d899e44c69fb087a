import { expect, it } from 'vitest';
import { loginBy } from '../../../../../src/providers/gce/api/login.ts';

/** What the library throws, wherever it is asked. */
const failing = (error: Error) => {
  const fail = () => Promise.reject(error);
  return loginBy({ getClient: fail, fetch: fail, getProjectId: fail });
};

it.each([
  new Error('request to https://oauth2.googleapis.com/token failed, reason: getaddrinfo EAI_AGAIN'),
  Object.assign(new Error(''), { code: 'ECONNREFUSED' }),
])('a network that fails passes, and says nothing of credentials or projects: %s', async (error) => {
  const login = failing(error);
  await expect(login.check()).rejects.toMatchObject({ kind: 'transient' });
  await expect(login.project()).rejects.toMatchObject({ kind: 'transient' });
});

it('without credentials, or without a project, it says what to give', async () => {
  const login = failing(new Error('Unable to detect a Project Id in the current environment'));
  await expect(login.check()).rejects.toMatchObject({ kind: 'preflight', advice: expect.anything() });
  await expect(login.project()).rejects.toMatchObject({
    kind: 'preflight',
    remedies: [{ to: 'name it', setting: 'project' }],
  });
});

it('a project that is named is not asked for', async () => {
  const fail = () => Promise.reject(new Error('asked'));
  expect(await loginBy({ getClient: fail, fetch: fail, getProjectId: fail }, 'mine').project()).toBe('mine');
});
