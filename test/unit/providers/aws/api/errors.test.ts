import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { awsError } from '../../../../../src/providers/aws/api/errors.ts';

const answer = (name: string, httpStatusCode: number, message = 'words of the cloud') =>
  awsError({ name, message, $metadata: { httpStatusCode } }, 'ec2:RunInstances');

test.each([
  ['RequestLimitExceeded', 503, 'transient', false],
  ['Throttling', 400, 'transient', false],
  ['InternalError', 500, 'transient', true],
  ['Unavailable', 503, 'transient', true],
  ['InsufficientInstanceCapacity', 500, 'quota', false],
  ['AddressLimitExceeded', 400, 'quota', false],
  ['VcpuLimitExceeded', 400, 'quota', false],
  ['TooManyTargetsException', 400, 'quota', false],
  ['UnauthorizedOperation', 403, 'denied', false],
  ['AccessDenied', 403, 'denied', false],
  ['ExpiredToken', 403, 'denied', false],
  ['RequestExpired', 400, 'denied', false],
  ['InvalidInstanceID.NotFound', 400, 'not-found', false],
  ['LoadBalancerNotFoundException', 400, 'not-found', false],
  ['InvalidGroup.Duplicate', 400, 'conflict', false],
  ['DependencyViolation', 400, 'conflict', false],
  ['ResourceInUseException', 400, 'conflict', false],
  ['IdempotentParameterMismatch', 400, 'conflict', false],
  ['InvalidParameterValue', 400, 'invalid', false],
] as const)('%s (HTTP %i) is %s', (name, status, kind, ambiguous) => {
  const error = answer(name, status);
  expect(error).toMatchObject({ kind, code: name, ambiguous });
  expect(error.message).toContain('words of the cloud');
});

test.each([
  ['ECONNRESET', 'read ECONNRESET', 'transient'],
  ['ETIMEDOUT', 'connect ETIMEDOUT', 'transient'],
  ['Error', 'socket hang up', 'transient'],
  ['ENOTFOUND', 'getaddrinfo ENOTFOUND ec2.mars-1.amazonaws.com', 'not-found'],
] as const)('a network failure (%s: %s) is %s', (code, message, kind) => {
  const error = awsError(Object.assign(new Error(message), { code }), 'ec2:DescribeInstances');
  expect(error.kind).toBe(kind);
});

test('a broken answer says nothing of what was done', () => {
  expect(answer('SyntaxError', 200)).toMatchObject({ kind: 'transient', ambiguous: true });
});

test('a denial names the permission, as AWS words it or as the action is called', () => {
  expect(answer('UnauthorizedOperation', 403).advice).toContain('ec2:RunInstances');
  const words = 'User: x is not authorized to perform: ec2:CreateTags on resource: y';
  expect(answer('UnauthorizedOperation', 403, words).advice).toContain('ec2:CreateTags');
});

test('credentials that are not accepted may be good ones, in a region that is not enabled', () => {
  expect(answer('AuthFailure', 401).advice).toMatch(/get-caller-identity.*opt in/);
});

test('missing credentials are a denial with advice', () => {
  const error = awsError(
    Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    }),
    'ec2:DescribeAvailabilityZones',
  );
  expect(error).toMatchObject({ kind: 'denied' });
  expect(error.advice).toBeTruthy();
});

test('an error holds nothing of the request, whose headers hold the access key and the signature', () => {
  const sdk = Object.assign(new Error('no'), {
    name: 'UnauthorizedOperation',
    $metadata: { httpStatusCode: 403 },
    $response: { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE' } },
  });
  expect(inspect(awsError(sdk, 'ec2:RunInstances'), { depth: 9, showHidden: true })).not.toContain(
    'AKIAEXAMPLE',
  );
});
