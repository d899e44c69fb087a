import { z } from 'zod';

/**
 * The messages of etcd's JSON gateway (proto3 as JSON): 64-bit numbers are decimal strings, and a field that has its
 * default value is absent.
 */
const id = z.string().regex(/^\d+$/).default('0');

const member = z
  .object({
    ID: id,
    name: z.string().default(''),
    peerURLs: z.array(z.string()).default([]),
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

const header = z.object({ cluster_id: id, member_id: id, raft_term: id });

export const memberListReply = z.object({ header, members: z.array(member).default([]) });
export const memberAddReply = z.object({ member });
export const anyReply = z.object({});

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
  .transform((s) => ({
    clusterId: s.header.cluster_id,
    memberId: s.header.member_id,
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
