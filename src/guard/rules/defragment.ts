import { type Rule, wait } from '../watch.ts';

/** From so many bytes on it is worth it, and from such a part that holds nothing: as OpenShift's operator of etcd has it. */
const WORTH_BYTES = 100 * 1024 ** 2;
const WORTH_PART = 0.45;

/**
 * Free space that etcd does not give back by itself: until then it counts against the quota. A member serves nobody meanwhile, so all of
 * them have to be well; and of one alone clients would notice.
 */
export const defragment: Rule = ({ observation: { etcd } }) => {
  if (!etcd.readable) return null;
  const loose = etcd.members.filter(({ database }) => database && isWorthIt(database));
  if (loose.length === 0) return null;
  const said = loose.map(
    ({ name, database }) => `${name} uses ${mebibytes(database!.inUse)} of ${mebibytes(database!.bytes)} MiB`,
  );
  const ill = etcd.members.filter(({ healthy, learner }) => !healthy || learner).map(({ name }) => name);
  if (ill.length > 0)
    return wait(`${said.join(', ')}; ${ill.join(', ')} has to be well before that is mended`);
  if (etcd.members.length < 3)
    return wait(`${said.join(', ')}; with fewer than three replicas that would stop the API for seconds`);
  return { kind: 'act', duty: 'defragment', replica: null, reason: said.join(', ') };
};

function isWorthIt({ bytes, inUse }: { readonly bytes: number; readonly inUse: number }): boolean {
  return bytes >= WORTH_BYTES && bytes - inUse >= bytes * WORTH_PART;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
