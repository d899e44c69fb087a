import { z } from 'zod';
import { woundSchema } from '../cluster/model/drill.ts';
import { CLUSTER_NAME, REPLICA_NAME, ZONE } from '../cluster/model/names.ts';
import { actNames } from './acts.ts';
import { goalNames } from './goals.ts';

const ms = z.number().int().nonnegative();

/** When it began, how long it took, and 1 if it failed. */
const sample = z.tuple([ms, ms, z.union([z.literal(0), z.literal(1)])]);
const samples = z.array(sample);

const act = z.strictObject({
  act: z.enum(actNames),
  /** Whom it hit; null: the balancer. */
  wounds: z.array(woundSchema),
  at: ms,
  /** When all was undone; null: it was not. */
  curedAt: ms.nullable(),
  /** When everything was as before; null: it was not, in time. */
  wellAt: ms.nullable(),
});

/** How etcd and the address stood from `at` on. */
const moment = z.strictObject({
  at: ms,
  /** Whom a majority of the voters calls their leader; null: `etcd` says why there is none. */
  leader: z.string().nullable(),
  /** `leaderless`: a member says so. `unseen`: too few could be asked, which says nothing of etcd. */
  etcd: z.enum(['led', 'leaderless', 'unseen']),
  /** Voters that answer and follow one leader. */
  following: z.number().int(),
  /** Who has the API address: a replica's name, `balancer`, `nobody`; null: it could not be asked. */
  holder: z.string().nullable(),
});

const placed = z.strictObject({ name: z.string().regex(REPLICA_NAME), zone: z.string().regex(ZONE) });

/** All that a drill has seen. Times in milliseconds since it began. What is optional is missing where there are no nodes, or nobody asked. */
export const drillLogSchema = z.strictObject({
  format: z.literal(1),
  haup: z.string(),
  cluster: z.string().regex(CLUSTER_NAME),
  provider: z.string(),
  kubernetesVersion: z.string(),
  etcdVersion: z.string(),
  /** RFC 3339. */
  began: z.string(),
  ms,
  holdMs: ms,
  replicas: z.array(placed),
  nodes: z.array(placed).optional(),
  acts: z.array(act),
  /** Whom the client `workload` asked, an address without its query. */
  workload: z.string().optional(),
  clients: z.strictObject({
    reads: samples,
    writes: samples,
    'kept-alive': samples,
    watch: samples,
    workload: samples.optional(),
  }),
  /** How often each error was met, by client. */
  errors: z.record(z.string(), z.record(z.string(), z.number().int())),
  moments: z.array(moment),
  acknowledged: z.number().int(),
  violations: z.array(z.string()),
  unheard: z.number().int(),
  goals: z.array(
    z.strictObject({ goal: z.enum(goalNames), act: z.enum(actNames).nullable(), most: z.number() }),
  ),
});

export type DrillLog = z.output<typeof drillLogSchema>;
export type LoggedAct = z.output<typeof act>;
export type LoggedSample = z.output<typeof sample>;
export type Moment = z.output<typeof moment>;
