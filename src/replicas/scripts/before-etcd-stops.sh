#!/bin/sh
# Stops the API server before etcd stops; see ../settings/before-etcd-stops.ts.
: "${pki?}" "${api_port?}" "${etcd?}" "${api_server?}" "${seconds?}"
. ./curl.sh

# A restart is over before anybody notices, and is a job of another type.
systemctl list-jobs --no-legend "$etcd" | grep -q ' stop ' || exit 0
# One that is not ready is led to by no balancer, and without a quorum it would take a minute to stop.
curl_here -sf -m 1 -o /dev/null --cacert "$pki/ca.crt" "https://127.0.0.1:$api_port/readyz" || exit 0
timeout "$seconds" systemctl stop "$api_server"
