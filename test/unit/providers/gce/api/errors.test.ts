import { expect, it } from 'vitest';
import { classify, classifyOperation } from '../../../../../src/providers/gce/api/errors.ts';

const answer = (status: number, reason: string, message: string) => ({
  status,
  message: `HTTP ${status}`,
  response: {
    data: JSON.stringify({
      error: { code: status, message, errors: [{ reason, message, domain: 'global' }] },
    }),
    headers: new Headers({ 'retry-after': '7' }),
  },
});
const of = (thrown: unknown) => classify(thrown, 'creating the address x', 'my-project');

it.each([
  [answer(404, 'notFound', 'not found'), 'not-found'],
  [answer(409, 'alreadyExists', 'exists'), 'conflict'],
  [answer(412, 'conditionNotMet', 'fingerprint'), 'conflict'],
  [answer(400, 'resourceInUseByAnotherResource', 'in use'), 'conflict'],
  [answer(400, 'resourceNotReady', 'not ready'), 'transient'],
  [answer(400, 'invalid', 'bad field'), 'invalid'],
  [answer(403, 'quotaExceeded', 'quota'), 'quota'],
  [answer(403, 'rateLimitExceeded', 'slow down'), 'transient'],
  [answer(403, 'forbidden', 'no'), 'denied'],
  [answer(401, 'authError', 'who?'), 'denied'],
  [answer(429, 'rateLimitExceeded', 'slow down'), 'transient'],
  [answer(503, 'backendError', 'later'), 'transient'],
  [{ message: 'socket hang up', code: 'ECONNRESET' }, 'transient'],
  [{ status: 502, message: 'HTTP 502', response: { data: '<html>Bad Gateway</html>' } }, 'transient'],
])('an error answer is sorted into its kind: %#', (thrown, kind) => {
  expect(of(thrown).kind).toBe(kind);
});

it('what was being done and the cloud’s own words are kept, and its Retry-After', () => {
  const error = of(answer(429, 'rateLimitExceeded', 'Rate Limit Exceeded'));
  expect(error.message).toBe('creating the address x: Rate Limit Exceeded');
  expect(error.retryAfterMs).toBe(7000);
});

it('a missing permission, a disabled API and an expired login say what to do', () => {
  const denied = of(
    answer(403, 'forbidden', "Required 'compute.addresses.create' permission for 'projects/p'"),
  );
  expect(denied.advice).toContain(
    'Give this account the permission compute.addresses.create in project my-project',
  );
  expect(of(answer(403, 'accessNotConfigured', 'x')).advice).toContain(
    'gcloud services enable compute.googleapis.com --project my-project',
  );
  const disabled = {
    error: { code: 403, message: 'm', errors: [], details: [{}, { reason: 'SERVICE_DISABLED' }] },
  };
  expect(of({ status: 403, response: { data: disabled } }).advice).toContain('gcloud services enable');
  const expired = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' };
  expect(of({ status: 400, response: { data: expired } })).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('expired or revoked'),
    advice: expect.stringContaining('gcloud auth application-default login'),
  });
});

it('the request configuration, which can hold an access token, is not kept', () => {
  const thrown = Object.assign(new Error('x'), {
    config: { headers: { authorization: 'Bearer secret' } },
    status: 500,
  });
  expect(of(thrown).cause).toBeUndefined();
});

it.each([
  ['QUOTA_EXCEEDED', 'quota'],
  ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', 'quota'],
  ['IP_IN_USE_BY_ANOTHER_RESOURCE', 'conflict'],
  ['RESOURCE_NOT_FOUND', 'not-found'],
  ['PERMISSIONS_ERROR', 'denied'],
  ['INTERNAL_ERROR', 'transient'],
  ['RESOURCE_OPERATION_RATE_EXCEEDED', 'transient'],
  ['SOMETHING_NEW', 'invalid'],
])('an operation that ended in %s is of kind %s', (code, kind) => {
  expect(classifyOperation([{ code, message: 'm' }], 400, 'w', 'p').kind).toBe(kind);
});
