#!/bin/sh
# Starts what needs a ready API server, the units that it is given. They were not started before: they would only take the processor
# from it. Done when controller manager and scheduler are well, each has an active instance somewhere, and the service `kubernetes`
# leads somewhere.
: "${manager?}" "${manager_health?}" "${scheduler?}" "${scheduler_health?}" "${endpoints?}" "${settled_seconds?}"
. ./api-client.sh
. ./json.sh

well() { curl_here -sf -m 2 -o /dev/null --cacert "$pki/ca.crt" "$1"; }
# held LEASE
held() {
  as="${1#kube-}-lease"
  lease=$(api "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/$1") || return 1
  [ -n "$(echo "$lease" | field holderIdentity)" ] || return 1
  renewed=$(date -d "$(echo "$lease" | field renewTime)" +%s 2>/dev/null) || return 1
  [ $(($(date +%s) - renewed)) -le "$(echo "$lease" | field leaseDurationSeconds)" ]
}
# stays UNIT: one that systemd started again moments ago has yet to show that it does
stays() {
  [ "$(systemctl show -p NRestarts --value "$1")" = 0 ] && return 0
  since=$(systemctl show -p ActiveEnterTimestampMonotonic --value "$1")
  [ $(($(cut -d. -f1 /proc/uptime) - since / 1000000)) -gt "$settled_seconds" ]
}

# A federation has no scheduler.
for name; do
  shift
  [ "$(systemctl show -p LoadState --value "$name")" = not-found ] || set -- "$@" "$name"
done
case " $* " in *" $scheduler "*) schedules=1 ;; *) schedules= ;; esac
systemctl start --no-block "$@"
until well "$manager_health"; do later "$manager" 'the controller manager: its health check'; done
until [ -z "$schedules" ] || well "$scheduler_health"; do later "$scheduler" 'the scheduler: its health check'; done
until stays "$manager"; do later "$manager" 'the controller manager: to stay up'; done
until [ -z "$schedules" ] || stays "$scheduler"; do later "$scheduler" 'the scheduler: to stay up'; done
until held kube-controller-manager; do later "$manager" 'the controller manager: its lease'; done
until [ -z "$schedules" ] || held kube-scheduler; do later "$scheduler" 'the scheduler: its lease'; done
as=endpoints
until api /api/v1/namespaces/default/endpoints/kubernetes | grep -q '"ip"'; do
  later "$endpoints" 'the endpoints of the kubernetes service'
done
