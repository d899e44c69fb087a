import { duties } from '../../cluster/model/guard.ts';
import { list, text, toggle, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';

// What a guard may do.

export const once = toggle('once', 'look once, do at most one thing, and end: for cron');
export const may = list('may', 'A,B,C', `what it may do: ${duties.join(', ')}`, values.oneOf(...duties), {
  defaultText: 'nothing: it only says what it would do',
});
export const after = withFallback(
  text(
    'after',
    'TIME',
    'how long a replica has to be dead before it is replaced, 30s to 1d',
    values.durationBetween(30, 86_400),
    { defaultText: '5m' },
  ),
  5 * 60_000,
);
export const elsewhere = list(
  'elsewhere',
  'A,B,C',
  'the zones to which replicas may go whose own zone is out',
  values.zoneName,
  { defaultText: 'none: an outage of a zone is waited out' },
);
export const metrics = text(
  'metrics',
  '[HOST:]PORT',
  "Prometheus' metrics at http://127.0.0.1:PORT/metrics while it runs; loopback alone",
  values.loopback,
  { defaultText: 'none' },
);
export const every = withFallback(
  text('every', 'TIME', 'from one look to the next, 5s to 1h', values.durationBetween(5, 3600), {
    defaultText: '30s',
  }),
  30_000,
);
