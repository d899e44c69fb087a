import { expect, it } from 'vitest';
import { isInUse } from '../../../../../src/providers/gce/api/common.ts';
import { GceError } from '../../../../../src/providers/gce/api/errors.ts';

it.each([
  ['conflict', 'IP_IN_USE_BY_ANOTHER_RESOURCE', "IP '10.0.0.2' is already being used by another resource."],
  ['conflict', 'resourceInUseByAnotherResource', 'x'],
  [
    'invalid',
    'invalid',
    "Invalid value for field 'resource.IPAddress': '192.0.2.1'. Specified IP address is in-use and would result in a conflict.",
  ],
  ['invalid', 'invalid', 'Specified IP address is already allocated to an instance.'],
] as const)('what is in use is known by its code or by its words: %s, %s', (kind, reason, message) => {
  expect(isInUse(new GceError(kind, reason, message))).toBe(true);
});

it.each([
  ['quota', 'QUOTA_EXCEEDED', "Quota 'IN_USE_ADDRESSES' exceeded. Limit: 8.0 in region europe-west1."],
  [
    'invalid',
    'invalid',
    "The specified external IP address '192.0.2.1' was not found in region 'europe-west1'.",
  ],
] as const)('what is not in use is not waited for: %s', (kind, reason, message) => {
  expect(isInUse(new GceError(kind, reason, message))).toBe(false);
});
