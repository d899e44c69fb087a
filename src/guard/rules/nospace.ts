import { type Rule, wait } from '../watch.ts';

/** etcd refuses every write while the alarm stands. */
export const nospace: Rule = ({ observation }) => {
  const alarms = observation.etcd.alarms ?? [];
  const full = alarms.filter(({ alarm }) => alarm === 'NOSPACE').map(({ member }) => member);
  if (full.length === 0) return null;
  if (!observation.etcd.readable)
    return wait('etcd has raised NOSPACE, and haup has to be able to read its members before it is helped');
  const ill = observation.etcd.members
    .filter(({ healthy, learner }) => !healthy && !learner)
    .map(({ name }) => name);
  // A voter does not serve while it is defragmented: then none may be missing. A learner serves nobody, and starts when writes go on.
  if (ill.length > 0)
    return wait(`etcd has raised NOSPACE, and ${ill.join(', ')} has to be well before it is helped`);
  const reason = `etcd has raised NOSPACE on ${full.join(', ')} and refuses every write`;
  return { kind: 'act', duty: 'clear-nospace', replica: null, reason };
};
