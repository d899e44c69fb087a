import type { Session } from '../ssh/session.ts';
import { curl } from './curl.ts';
import { ReplicaError } from './errors.ts';
import { paths, pkiPath } from './paths.ts';
import { carryOut } from './progress.ts';
import { ETCD_CLIENT_URL } from './units/etcd.ts';
import { unit } from './units/names.ts';
import type { Waiting } from './waiting.ts';

/** A large log is replayed first, and a copy of the data is made. */
const FORCE_MS = 15 * 60_000;
/** The data as it was. */
const COPY = `${paths.etcdData}-before-rescue`;
/** Left free beside the copy, KiB. */
const ROOM_KIB = 256 * 1024;
/** Where a reboot removes it. */
const SETTING = '/run/systemd/system/etcd.service.d/haup-force-new-cluster.conf';

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
  const script = `newest=$(stat -c %Y ${wal}/*.wal | sort -n | tail -n 1)
perl - ${wal} <<'EOF' || exit 1
${READ_LOG}
EOF
echo $(($(date +%s) - newest))`;
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
  await session.run(forceScript(id), { what: 'make it a cluster of one', timeoutMs: FORCE_MS, signal });
  const script = `${functions}
if [ -e ${SETTING} ]; then
  systemctl daemon-reload
  systemctl start --no-block ${unit.etcd}
  await_alone 'etcd: a cluster of one'
  unset_it
  # Proof that it also serves without the setting.
  timeout 10 systemctl restart ${unit.etcd} || true
fi
await_alone 'etcd: serving without the setting'
! systemctl cat ${unit.etcd} | grep -q FORCE_NEW_CLUSTER
for name in ${unit.apiServer} ${unit.controllerManager} ${unit.scheduler}; do
  ! systemctl is-enabled -q "$name" || systemctl restart --no-block "$name"
done
`;
  await carryOut(session, { doing: 'make it a cluster of one', script, timeoutMs: FORCE_MS }, waiting);
}

/** Begun is what has the setting: then the data on the disk may be the new cluster's already. */
function forceScript(id: number): string {
  return `set -eu
${functions}
if systemctl is-active -q ${unit.etcd} && alone; then exit 0; fi
[ ! -e ${SETTING} ] || exit 0
systemctl stop ${unit.etcd}
if [ "$(cat ${COPY}/rescue 2>/dev/null)" != ${id} ]; then
  rm -rf ${COPY} ${COPY}.new
  needed=$(du -sk ${paths.etcdData} | cut -f1)
  free=$(df -Pk ${paths.etcdData} | awk 'NR == 2 { print $4 }')
  if [ "$free" -gt $((needed + ${ROOM_KIB})) ]; then
    cp -a --reflink=auto ${paths.etcdData} ${COPY}.new
    echo ${id} >${COPY}.new/rescue
    mv -T ${COPY}.new ${COPY}
  fi
fi
systemctl enable -q ${unit.etcd}
mkdir -p "$(dirname ${SETTING})"
printf '[Service]\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\n' >${SETTING}
`;
}

const functions = `unset_it() { rm -f ${SETTING}; systemctl daemon-reload; }
alone() {
  members=$(${curl} -sf -m 2 --cacert ${pkiPath('etcd/ca.crt')} --cert ${pkiPath('etcd/client.crt')} \
    --key ${pkiPath('etcd/client.key')} -d '{"linearizable":true}' ${ETCD_CLIENT_URL}/v3/cluster/member/list) || return 1
  [ "$(echo "$members" | grep -o '"ID":' | wc -l)" = 1 ]
}
await_alone() {
  for look in $(seq 8); do systemctl is-active -q ${unit.etcd} && alone && return 0; sleep 0.2; done
  not_yet ${unit.etcd} "$1"
}`;
