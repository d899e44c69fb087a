import { actNames } from '../../drill/acts.ts';
import { list, text, withFallback } from '../flag.ts';
import { drillGoal } from '../input/drill-goal.ts';
import * as values from '../input/values.ts';

// What a drill does, and what is wanted of it.

export const acts = withFallback(
  list('acts', 'A,B,C', `what is played, in this order: ${actNames.join(', ')}`, values.oneOf(...actNames), {
    defaultText: 'all',
  }),
  actNames,
);
export const hold = withFallback(
  text('for', 'TIME', 'how long what is hurt stays so, 1s to 10m', values.durationBetween(1, 600), {
    defaultText: '10s',
  }),
  10_000,
);
export const goals = list(
  'goal',
  'GOAL=MOST',
  `what every act is measured against: writes-resume=3s, reads-resume=1s, recovery=30s, failed-reads=0, failed-writes=5, workload-resumes=5s, failed-workload=0; of one act: zone:recovery=60s; may be repeated`,
  drillGoal,
  { defaultText: 'none' },
);
export const workload = text(
  'workload',
  'URL',
  'what of the workload is asked meanwhile; none: nothing',
  values.workload,
  {
    defaultText: "two pods of the drill's own, where there are nodes and haup gives Services their addresses",
  },
);
export const report = text(
  'report',
  'FILE',
  'where the report goes; the same in JSON beside it',
  values.filePath,
  {
    defaultText: 'CLUSTER-drill-TIME.html here',
  },
);
export const check = text(
  'check',
  'FILE',
  'only say whose report this is, and whether it is what was signed',
  values.filePath,
);
