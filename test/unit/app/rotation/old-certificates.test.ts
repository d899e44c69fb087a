import { describe, expect, test } from 'vitest';
import type { IssuedKubeconfig } from '../../../../src/app/kubeconfig.ts';
import {
  type Facts,
  usersOfOldCa,
  usersOfOldSigning,
} from '../../../../src/app/rotation/old-certificates.ts';
import type { SeenCertificate } from '../../../../src/replicas/audit/seen-certificates.ts';

const at = (day: number, time = '12:00:00'): string => `2026-11-${String(day).padStart(2, '0')}T${time}Z`;

/** The new one has been at work since the 10th, at noon; it is the 11th, at eleven. */
const nothing: Facts = {
  ...{ since: Date.parse(at(10)), now: Date.parse(at(11, '11:00:00')), noted: [], others: [], nodes: [] },
  audited: { seen: [], since: at(1), unread: [] },
  haupsPolicy: true,
};

const LATE = at(11, '10:00:00');

function issued(user: string, day: number, sha256?: string): IssuedKubeconfig {
  const rest = { groups: [], issued: at(day), expires: at(20), serial: '1' };
  return { user, ...rest, ...(sha256 === undefined ? {} : { sha256 }) };
}

function shown(user: string, first: string, last: string, sha256 = user): SeenCertificate {
  return { user, sha256, first, last, requests: 1 };
}

function seen(...all: SeenCertificate[]): Pick<Facts, 'audited'> {
  return { audited: { ...nothing.audited, seen: all } };
}

const node = (name: string, day: number) => ({ name, joined: Date.parse(at(day)) });

describe('of an old authority for clients', () => {
  test('nobody is named where nobody is known', () => {
    expect(usersOfOldCa(nothing)).toEqual([]);
    expect(usersOfOldSigning(nothing)).toEqual([]);
  });

  test('somebody may be there where the audit policy is the user’s own', () => {
    const own = { ...nothing, haupsPolicy: false };
    const perhaps = [expect.stringContaining('perhaps others: the audit policy')];
    expect([usersOfOldCa(own), usersOfOldSigning(own)]).toEqual([perhaps, perhaps]);
  });

  test('kubeconfigs of before are named, with their last use where it is known', () => {
    const noted = [
      issued('used', 9, 'a'),
      issued('unused', 9, 'b'),
      issued('unknown', 9),
      issued('new', 11, 'c'),
      { ...issued('ended', 9, 'd'), expires: at(10) },
    ];
    const audit = seen(shown('used', at(9), LATE, 'a'), shown('ended', at(9), LATE, 'd'));
    const ends = `which ends ${at(20)} otherwise`;
    expect(usersOfOldCa({ ...nothing, noted, ...audit })).toEqual([
      `a kubeconfig of used, ${ends}, used last ${LATE}`,
      `a kubeconfig of unused, ${ends}, not used since ${at(1)}`,
      `a kubeconfig of unknown, ${ends}`,
    ]);
  });

  test('whoever is in no list is named where he showed the same before and since', () => {
    const audit = seen(
      shown('jane', at(9), LATE),
      shown('newer', at(11, '09:00:00'), LATE),
      shown('gone', at(8), at(9)),
      shown('just-then', at(9), at(10, '12:00:30')),
      shown('system:node:n1', at(9), LATE),
    );
    expect(usersOfOldCa({ ...nothing, ...audit })).toEqual([
      `jane, who showed a certificate of before last ${LATE}: issue another`,
    ]);
    const later = Date.parse(at(13));
    expect(usersOfOldCa({ ...nothing, ...audit, now: later })).toEqual([]);
  });

  test('the masters’ components are not, which have new ones before a phase is over', () => {
    const audit = seen(
      shown('haup:addons', at(10, '11:59:50'), LATE),
      shown('system:kube-scheduler', at(9), LATE),
    );
    expect(usersOfOldCa({ ...nothing, ...audit })).toEqual([]);
    expect(usersOfOldSigning({ ...nothing, ...audit })).toEqual([]);
  });

  test('haup itself is not, whose certificates end within minutes', () => {
    const own = shown('haup-admin', at(9), at(10, '12:14:00'));
    expect(usersOfOldCa({ ...nothing, ...seen(own) })).toEqual([]);
    expect(usersOfOldCa({ ...nothing, ...seen({ ...own, last: LATE }) })).toHaveLength(1);
  });

  test('nodes that haup did not make are, unless they joined since, with what is to be done', () => {
    const others = [node('foreign', 9), node('again', 11)];
    const [line, ...rest] = usersOfOldCa({ ...nothing, others });
    expect(rest).toEqual([]);
    expect(line).toContain('the node foreign, which haup did not make');
    expect(line).toContain('kubectl delete node foreign; kubeadm reset there');
  });
});

describe('of an old authority for kubelets', () => {
  const others = [node('foreign', 9)];
  const NODE = 'system:node:foreign';

  test('nodes that haup did not make are named until their kubelets show another certificate', () => {
    const name = expect.stringContaining('the node foreign');
    const signing = (...all: SeenCertificate[]) => usersOfOldSigning({ ...nothing, others, ...seen(...all) });
    expect(signing()).toEqual([name]);
    expect(signing(shown(NODE, at(9), LATE, 'old'))).toEqual([name]);
    const renewed = shown(NODE, at(10, '18:00:00'), LATE, 'new');
    expect(signing(shown(NODE, at(9), at(10, '18:00:00'), 'old'), renewed)).toEqual([]);
    const short = { seen: [renewed], since: at(10, '17:00:00'), unread: [] };
    expect(usersOfOldSigning({ ...nothing, others, audited: short })[0]).toEqual(name);
  });

  test('haup’s own nodes are not, which follow in each phase, and others with such a certificate are', () => {
    const audit = seen(shown('system:node:n1', at(9), LATE), shown('by-csr', at(9), LATE));
    expect(usersOfOldSigning({ ...nothing, nodes: ['n1'], ...audit })).toEqual([
      `by-csr, who showed a certificate of before last ${LATE}: issue another`,
    ]);
  });
});

describe('what the audit logs do not tell', () => {
  test.each([
    ['of a master without one', { unread: ['m1'] }, 'nobody could read an audit log on m1'],
    ['of a time before they begin', { since: at(11) }, `the audit logs begin ${at(11)}`],
    ['where there are none', { since: null }, 'begin nowhere'],
  ])('%s is said', (_, audited, says) => {
    for (const users of [usersOfOldCa, usersOfOldSigning]) {
      expect(users({ ...nothing, audited: { ...nothing.audited, ...audited } })).toEqual([
        expect.stringMatching(new RegExp(`^perhaps others: .*${says}`)),
      ]);
    }
  });
});
