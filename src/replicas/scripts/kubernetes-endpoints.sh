#!/bin/sh
# Keeps the endpoints of the service `kubernetes` exactly the API address; see ../settings/kubernetes-endpoints.ts. Of each object
# there are the whole, in JSON, and how it begins and ends where it is as it should be, without spaces.
set -u
: "${address?}" "${endpoints?}" "${endpoints_begin?}" "${endpoints_end?}" "${slice?}" "${slice_begin?}" "${slice_end?}"
. ./api-client.sh

as=endpoints
limit=5
# keep FOLDER OBJECT BEGIN END: prints 200 or 201 when it is so
keep() {
  case "$(api "$1/kubernetes" | tr -d ' \n')" in *"$3"*"$4") echo 200 ;; *) apply "$1" "$2" ;; esac
}
apply() {
  api "$1/kubernetes?fieldManager=haup&force=true" -o /dev/null -w '%{http_code}' \
    -X PATCH -H 'Content-Type: application/apply-patch+yaml' --data "$2" 2>&1
}
said=
while :; do
  a=$(keep /api/v1/namespaces/default/endpoints "$endpoints" "$endpoints_begin" "$endpoints_end")
  b=$(keep /apis/discovery.k8s.io/v1/namespaces/default/endpointslices "$slice" "$slice_begin" "$slice_end")
  case "$a $b" in
    '20'[01]' 20'[01]) now="the endpoints are $address" pause=10 ;;
    *) now="not yet: $a, $b" pause=0.5 ;;
  esac
  [ "$now" = "$said" ] || echo "$now"
  said=$now
  sleep "$pause"
done
