#!/bin/sh
# release-lease.sh LEASE: gives up a leader election lease that a process of this machine held; see ../settings/release-lease.ts.
set -eu
: "${pause?}"
. ./api-client.sh
. ./json.sh

as="${1#kube-}-lease"
url="/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/$1"
lease=$(api "$url")
case "$(echo "$lease" | field holderIdentity)" in "$(hostname)_"*) ;; *) exit 0 ;; esac
sleep "$pause"
api "$url" -o /dev/null -X PATCH -H 'Content-Type: application/json-patch+json' --data "[
  {\"op\": \"test\", \"path\": \"/metadata/resourceVersion\", \"value\": \"$(echo "$lease" | field resourceVersion)\"},
  {\"op\": \"replace\", \"path\": \"/spec/holderIdentity\", \"value\": \"\"}]"
