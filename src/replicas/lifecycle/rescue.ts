import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { ReplicaError } from '../errors.ts';
import { paths, pkiFolder } from '../paths.ts';
import { carryOut } from '../progress.ts';
import { ETCD_CLIENT_URL } from '../units/etcd.ts';
import { unit } from '../units/names.ts';
import type { Waiting } from '../waiting.ts';

/** A large log is replayed first, and a copy of the data is made. */
const FORCE_MS = 15 * 60_000;
/** The data as it was. */
const COPY = `${paths.etcdData}-before-rescue`;
/** Left free beside the copy, KiB. */
const ROOM_KIB = 256 * 1024;
/** Where a reboot removes it. */
const SETTING = '/run/systemd/system/etcd.service.d/haup-force-new-cluster.conf';

const where = { unit: unit.etcd, setting: SETTING, pki: pkiFolder, url: ETCD_CLIENT_URL };
const inputs = ['unit', 'setting', 'pki', 'url'] as const;
const forceNew = shellScript('replicas/scripts/force-new-cluster.sh', [
  ...inputs,
  ...(['id', 'data', 'copy', 'room_kib'] as const),
]);
const startNewCluster = shellScript('replicas/scripts/start-new-cluster.sh', inputs);
const readLog = shellScript('replicas/scripts/read-log-end.sh', ['wal', 'program']);

/**
 * The last HardState in etcd's write-ahead log, in Perl, which every Debian has: this also works where etcd does not run, and no
 * member that was started anew without a quorum answers. A frame is a length of 64 bits (56, and 3 of padding), then a
 * record {type, crc, data}; a record of type 3 is {term, vote, commit}. The newest file that has one tells.
 */
const READ_LOG = `sub varint { my $value = 0; my $shift = 0;
  while (length $_[0]) { my $byte = ord substr($_[0], 0, 1, ""); $value |= ($byte & 127) << $shift; $shift += 7; last if $byte < 128 }
  return $value }
sub field { my %found;
  while (length $_[0]) { my $tag = varint($_[0]);
    if (($tag & 7) == 0) { $found{$tag >> 3} = varint($_[0]) }
    elsif (($tag & 7) == 2) { $found{$tag >> 3} = substr($_[0], 0, varint($_[0]), "") }
    else { last } }
  return \\%found }
for my $file (reverse sort glob "$ARGV[0]/*.wal") {
  open(my $log, "<:raw", $file) or die "$file: $!\\n";
  my $commit;
  while (read($log, my $head, 8) == 8) {
    my ($low, $high) = unpack "VV", $head;
    last if !$low || ($high & 0xffffff);
    my $padding = $high & 0x80000000 ? ($high >> 24) & 7 : 0;
    last if read($log, my $record, $low + $padding) != $low + $padding;
    substr($record, $low) = "";
    my $of = field($record);
    $commit = field($of->{3})->{3} // 0 if ($of->{1} // 0) == 3 && defined $of->{3};
  }
  if (defined $commit) { print "$commit\\n"; exit 0 }
}
die "no state in its log\\n";`;

/**
 * How far the log on the machine's disk goes, whether etcd runs or not: the last entry that it knows to be committed, and how
 * long ago the log was last written.
 * @throws SshError, ReplicaError where there is no log that can be read
 */
export async function readLogEnd(
  session: Session,
  { signal }: Waiting = {},
): Promise<{ readonly commit: bigint; readonly secondsAgo: number }> {
  const wal = `${paths.etcdData}/member/wal`;
  const script = readLog({ wal, program: READ_LOG });
  const out = await session.run(script, { what: "read etcd's log", timeoutMs: 60_000, signal });
  const [, commit, seconds] = /^(\d+)\n(-?\d+)\n$/.exec(out) ?? [];
  if (commit === undefined) throw new ReplicaError(`${session.what}: could not read etcd's log: ${out}`);
  return { commit: BigInt(commit), secondsAgo: Math.max(0, Number(seconds)) };
}

/**
 * Makes the machine's member a cluster of one, and starts the API server and the controllers anew, since they may believe in
 * what is lost. Done again it changes nothing. The data of before is kept in `/var/lib/haup/etcd-before-rescue`, if there is
 * room for it; `id` tells one rescue from the next, whose copy takes that place.
 *
 * The setting is there for a single start of etcd: one that stayed would throw every later replica out at the next.
 * @throws ReplicaError, SshError
 */
export async function forceNewCluster(session: Session, id: number, waiting: Waiting = {}): Promise<void> {
  const { signal, progress } = waiting;
  progress?.('etcd: keeping a copy of its data');
  await session.run(forceNew({ ...where, id, data: paths.etcdData, copy: COPY, room_kib: ROOM_KIB }), {
    what: 'make it a cluster of one',
    timeoutMs: FORCE_MS,
    signal,
  });
  const script = startNewCluster(where, [unit.apiServer, unit.controllerManager, unit.scheduler]);
  await carryOut(session, { doing: 'make it a cluster of one', script, timeoutMs: FORCE_MS }, waiting);
}
