#!/bin/sh
# The floor that `npm run bench` measures haup against: the same job with the same machines and the same binaries, but every
# disk and the balancer's configuration ready-made (certificates, users and units in place) and no haup. A plain script that
# knows beforehand all that haup has to find out, does each thing once, and waits for nothing that it does not need.
#
#   floor.sh prepare SEED RUN   fresh copies of the seed's disks                                          (not timed)
#   floor.sh one SEED RUN       network, first machine; until /readyz is ok through the API address           (timed)
#   floor.sh three SEED RUN     two more machines, grown to three voters, behind a balancer that has the API address;
#                               until all three are ready, with their controllers, and the address answers    (timed)
#   floor.sh down RUN           nothing left behind
#
# etcd's own rules hold here as they do for haup: learners first, then promotion, under its strict reconfiguration check. The
# check refuses additions while a voter has been connected for less than 5 s; with one voter there is none to be connected,
# and promotions it does not refuse for that, so who adds both learners before either is promoted never has to wait for it.
#
# SEED holds image, binaries (paths), api (the API address), ca.crt, haproxy.cfg, and 1, 2, 3: each with name, ip and upper,
# and lb with ip.
set -eu
NET=haup-floor

# Everything is in one routing namespace, as the local provider has it: nothing of the host's network is touched.
network() {
  ip netns add $NET
  echo 1 | ip netns exec $NET tee /proc/sys/net/ipv4/ip_forward >/dev/null
  ip -n $NET link set lo up
}

# shellcheck source=scripts/bench/floor-machine.sh
. "${0%/*}/floor-machine.sh"

systemd_is_up() { until inside "$1" systemctl list-units >/dev/null 2>&1; do sleep 0.05; done; }

# The balancer, with the API address in waiting: nothing leads there yet.
balance() {
  plug lb
  ip -n $NET-lb addr add "$api/32" dev eth0
  mkdir -p "$RUN/lb"
  (
    join_group lb
    exec ip netns exec $NET-lb haproxy -db -f "$SEED/haproxy.cfg"
  ) >"$RUN/lb/log" 2>&1 </dev/null &
}

# It has found all three healthy, by its own check.
balances() { until ip netns exec $NET-lb curl -sf -m 1 -o /dev/null http://127.0.0.1:8404/three; do sleep 0.05; done; }

# controllers_are_well <number>: both say so themselves. That each has an active instance somewhere the first machine has seen to.
controllers_are_well() {
  inside "$1" sh -c 'for port in 10257 10259; do
    until curl -sf -m 2 -o /dev/null --cacert /etc/haup/current/pki/ca.crt https://127.0.0.1:$port/healthz; do sleep 0.05; done
  done'
}

# ready <address>
ready() {
  until [ "$(ip netns exec $NET curl -s -m 1 --connect-timeout 0.1 --cacert "$SEED/ca.crt" "https://$1/readyz")" = ok ]; do
    sleep 0.05
  done
}

etcdctl() {
  pki=/etc/haup/current/pki/etcd
  inside 1 /opt/haup/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert $pki/ca.crt --cert $pki/client.crt \
    --key $pki/client.key "$@"
}

# join <number> <those before it, as etcd's initial cluster>: as a learner
join() {
  peer=https://$(cat "$SEED/$1/ip"):2380
  cluster=$2,$(cat "$SEED/$1/name")=$peer
  until answer=$(etcdctl member add "$(cat "$SEED/$1/name")" --learner --peer-urls "$peer" 2>&1); do sleep 0.1; done
  echo "$answer" | sed -n 's/^Member *\([0-9a-f]*\) added.*/\1/p' >"$RUN/$1/member"
  printf 'ETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_STATE=existing\n' "$cluster" >"$RUN/membership"
  inside "$1" sh -c 'cat >/etc/haup/etcd-membership.env && systemctl enable -q --now --no-block etcd' <"$RUN/membership"
  # The next one is listed when this one has read who its peers are. Started anew once it has the leader's snapshot: it
  # would wait for a lost proposal for 7 s otherwise (src/replicas/lifecycle/etcd-member.ts).
  until ls "$RUN/$1/upper/var/lib/haup/etcd/member/snap/"*.snap >/dev/null 2>&1; do sleep 0.02; done
  sleep 0.1
  inside "$1" sh -c 'systemctl is-active -q etcd || systemctl restart --no-block etcd'
}

promote() { until etcdctl member promote "$(cat "$RUN/$1/member")" >/dev/null 2>&1; do sleep 0.1; done; }

prepare() {
  for number in 1 2 3; do
    mkdir -p "$RUN/$number/work" "$RUN/$number/root"
    cp -a "$SEED/$number/upper" "$RUN/$number/upper"
  done
}

units='kube-apiserver kubernetes-endpoints kube-controller-manager kube-scheduler'

one() {
  network
  plug 1
  api=$(cat "$SEED/api")
  ip -n $NET-1 addr add "$api/32" dev eth0
  ip -n $NET route add "$api/32" dev m1
  boot 1
  ready "$api"
}

three() {
  api=$(cat "$SEED/api")
  balance
  for number in 2 3; do
    plug $number
    boot $number
  done
  first=$(cat "$SEED/1/name")=https://$(cat "$SEED/1/ip"):2380
  second=$(cat "$SEED/2/name")=https://$(cat "$SEED/2/ip"):2380
  for number in 2 3; do systemd_is_up $number; done
  join 2 "$first"
  join 3 "$first,$second"
  for number in 2 3; do
    promote $number
    # Enabled: they are to be there after a restart as well. The controllers wait for the API server by themselves.
    # shellcheck disable=SC2086 # a list
    inside $number systemctl enable -q --now --no-block $units
  done
  for number in 1 2 3; do ready "$(cat "$SEED/$number/ip")"; done
  balances
  ip -n $NET route replace "$api/32" dev mlb
  ip -n $NET-1 addr del "$api/32" dev eth0
  ready "$api"
  for number in 2 3; do controllers_are_well $number; done
}

down() {
  for number in 1 2 3 lb; do
    switch_off $number
  done
  [ ! -e /run/netns/$NET ] || ip netns delete $NET
  rm -rf -- "$RUN"
}

case $1 in
  prepare | one | three) SEED=$2 RUN=$3 ;;
  down) RUN=$2 ;;
  *) echo "usage: floor.sh prepare|one|three SEED RUN, floor.sh down RUN" >&2; exit 2 ;;
esac
"$1"
