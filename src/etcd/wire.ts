import { z } from 'zod';

/**
 * The messages of etcd's JSON gateway (proto3 as JSON): 64-bit numbers are decimal strings, and a field that has its
 * default value is absent.
 */
const uint64 = z.string().regex(/^(0|[1-9]\d{0,19})$/, 'no uint64');
const id = uint64.default('0');
/** Of a member or a cluster: never the default value. */
const someId = uint64.refine((text) => text !== '0', 'no id');

const member = z
  .object({
    ID: someId,
    name: z.string().default(''),
    // etcd takes no member without one.
    peerURLs: z.array(z.string()).min(1),
    clientURLs: z.array(z.string()).default([]),
    isLearner: z.boolean().default(false),
  })
  .transform((m) => ({
    id: m.ID,
    name: m.name,
    peerUrls: m.peerURLs,
    clientUrls: m.clientURLs,
    isLearner: m.isLearner,
  }));

const header = z.object({ cluster_id: someId, member_id: someId, revision: id, raft_term: id });

/** Whoever answers is a voter or was one: a list without any, or with a member twice, is no list of members. */
export const memberListReply = z.object({
  header,
  members: z
    .array(member)
    .refine((all) => all.some((one) => !one.isLearner), 'no voter among them')
    .refine((all) => new Set(all.map((one) => one.id)).size === all.length, 'a member is listed twice'),
});
export const memberAddReply = z.object({ member });
export const anyReply = z.object({});

const bytes = z.string().transform((text) => Buffer.from(text, 'base64'));
export const rangeReply = z.object({
  header,
  kvs: z
    .array(z.object({ key: bytes.transform((key) => key.toString()), value: bytes.default(Buffer.alloc(0)) }))
    .default([]),
});

const ALARM = /memberID:(\d+)\s+alarm:(\w+)/;

export const statusReply = z
  .object({
    header,
    version: z.string().default(''),
    dbSize: z.coerce.number().default(0),
    dbSizeInUse: z.coerce.number().default(0),
    leader: id,
    raftIndex: id,
    raftTerm: id,
    raftAppliedIndex: id,
    isLearner: z.boolean().default(false),
    errors: z.array(z.string()).default([]),
  })
  // Whoever knows of no leader says so in words, too (maintenance.go, Status): where they are missing, more may be.
  .refine((s) => s.leader !== '0' || s.errors.some((words) => words.includes('no leader')), {
    path: ['leader'],
    message: 'missing',
  })
  .transform((s) => ({
    clusterId: s.header.cluster_id,
    memberId: s.header.member_id,
    /** Of the store: one more with each write. */
    revision: s.header.revision,
    version: s.version,
    /** Bytes on disk, free pages included. */
    dbSize: s.dbSize,
    dbSizeInUse: s.dbSizeInUse,
    /** Member id; "0" while it knows of no leader. */
    leader: s.leader,
    /** Committed entries. */
    raftIndex: BigInt(s.raftIndex),
    raftAppliedIndex: BigInt(s.raftAppliedIndex),
    raftTerm: BigInt(s.raftTerm),
    isLearner: s.isLearner,
    errors: s.errors,
    alarms: s.errors.flatMap((words) => {
      const [, memberId, alarm] = ALARM.exec(words) ?? [];
      return memberId && alarm ? [{ memberId, alarm }] : [];
    }),
  }));

export const alarmReply = z
  .object({ alarms: z.array(z.object({ memberID: id, alarm: z.string().default('NONE') })).default([]) })
  .transform((r) => r.alarms.map((a) => ({ memberId: a.memberID, alarm: a.alarm })));

export const healthReply = z.object({ health: z.string(), reason: z.string().default('') });

/** The gateway's error: `message` holds etcd's words (`error` is the same, from older gateways). */
export const errorReply = z.object({ message: z.string().optional(), error: z.string().optional() });

/** A member of the cluster as etcd lists it. */
export type EtcdMember = z.output<typeof member>;
/** What a member says of itself. */
export type EtcdStatus = z.output<typeof statusReply>;
/** `NOSPACE`: the quota is used up, etcd only reads. `CORRUPT`: the member's data differs from the others'. */
export interface EtcdAlarm {
  readonly memberId: string;
  readonly alarm: string;
}
