import { rfc3339 } from '../../../util/text/rfc3339.ts';
import { withoutChange } from '../../plan/rotation.ts';
import { settle } from '../rotation/settle.ts';
import type { Executor } from './executor.ts';

export const finishChange: Executor<'finish-change'> = async (t, { after = [] }, progress) => {
  for (const work of after) await settle[work](t, progress);
  await t.memory.updateSpec((spec) => withoutChange(spec, rfc3339(Date.now())));
};
