import { list, text, toggle, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';

// To whom a kubeconfig is handed out.

export const file = text('file', 'FILE', 'write it into that file, keeping what is there', values.filePath);
export const user = withFallback(
  text('user', 'NAME', 'who it is for, as the API server and its audit log name them', values.apiUser),
  'haup-admin',
);
export const groups = list(
  'group',
  'GROUP',
  'what RBAC knows the user by; may be repeated',
  values.apiGroup,
  { defaultText: 'administrators' },
);
export const accessTtl = withFallback(
  text('ttl', 'TIME', 'how long it is good, 10m to 365d', values.durationBetween(600, 365 * 24 * 3600), {
    defaultText: '24h',
  }),
  24 * 60 * 60_000,
);
export const breakGlass = toggle(
  'break-glass',
  'an administrator whom no RBAC can refuse (system:masters), for when it is broken',
);
export const listIssued = toggle('list', 'what was handed out and has not ended');
