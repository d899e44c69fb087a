#!/bin/bash
# Gives each Service of type LoadBalancer one address of a range; see ../settings/service-addresses.ts. `assign` is an awk program.
set -uo pipefail
: "${kubectl?}" "${prefix?}" "${first?}" "${last?}" "${assign?}" "${record_name?}" "${look_seconds?}"
. ./api-client.sh

as=service-addresses
limit=10
services=/api/v1/services
kubectl_here() {
  "$kubectl" --server="https://127.0.0.1:$api_port" --certificate-authority="$pki/ca.crt" --client-certificate="$pki/$as.crt" \
    --client-key="$pki/$as.key" --cache-dir=/tmp/kubectl --request-timeout=10s "$@"
}
version() { sed -n 's/^ *"resourceVersion": "\([0-9]*\)".*/\1/p' | head -n 1; }
patch() {
  local code
  code=$(api "/$1?fieldManager=haup" -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Type: application/merge-patch+json' --data "$2")
  # Somebody else was quicker: the next look sees what he did. Or there is no such Service any more.
  case "$code" in 200 | 404) ;; 409) again=yes ;; *) say "a change of $1 was answered with $code" && again=later ;; esac
  [ "$code" = 200 ]
}
said=
say() { [ "$*" = "$said" ] || echo "$*"; said="$*"; }

# What users write is made one word each; a Service of another class is somebody else's.
template='{{range .items}}{{if not .spec.loadBalancerClass}}S {{.metadata.uid}} {{.metadata.namespace}} {{.metadata.name}} {{.metadata.resourceVersion}} {{or .spec.loadBalancerIP "-" | urlquery}} {{with .status.loadBalancer.ingress}}{{range .}}{{or .ip "-" | urlquery}},{{end}}{{else}}-{{end}}
{{end}}{{end}}'

# The record is read before the Services: who has an address in it was there, so one that is not listed any more is gone.
look() {
  local record listed changes text
  again=no
  record=$(api "/api/v1/namespaces/kube-system/configmaps/$record_name?pretty=true" -f 2>&1) || { say "$record"; return 1; }
  listed=$(kubectl_here get services --all-namespaces --field-selector=spec.type=LoadBalancer -o go-template="$template" 2>&1) || { say "$listed"; return 1; }
  text=$({
    echo "$record" | sed -n 's/^ *"\([0-9.]*\)": "\([0-9a-f-]*\)",*$/R \1 \2/p'
    echo "$listed"
  } | awk -v prefix="$prefix" -v first="$first" -v last="$last" "$assign") || return 1
  changes=$(echo "$text" | sed -n 's/^M //p')
  if [ -n "$changes" ]; then
    patch "api/v1/namespaces/kube-system/configmaps/$record_name" \
      "{\"metadata\":{\"resourceVersion\":\"$(echo "$record" | version)\"},\"data\":{$changes}}" || return 0
  fi
  while read -r what namespace name version ingress; do
    case "$what" in
      W)
        patch "api/v1/namespaces/$namespace/services/$name/status" \
          "{\"metadata\":{\"resourceVersion\":\"$version\"},\"status\":{\"loadBalancer\":{\"ingress\":$ingress}}}" &&
          echo "$namespace/$name: $ingress"
        ;;
      N) say "$namespace/$name gets no address: $version" ;;
    esac
  done <<<"$text"
}

# What is there at the moment of the answer: a watch from there on misses nothing.
now() { listed=$(api "$services?limit=1&pretty=true" -f 2>&1) || { say "$listed"; return 1; }; at=$(echo "$listed" | version); }

while :; do
  { now && look; } || { sleep 1; continue; }
  case "$again" in yes) continue ;; later) sleep 1; continue ;; esac
  # Until anything changes; what changes at once is looked at once.
  exec 3< <(exec curl -q --noproxy '*' -s -N -m "$look_seconds" --cacert "$pki/ca.crt" --cert "$pki/$as.crt" --key "$pki/$as.key" \
    "https://127.0.0.1:$api_port$services?watch=1&fieldSelector=spec.type%3DLoadBalancer&timeoutSeconds=$look_seconds&resourceVersion=$at")
  watch=$!
  read -r -u 3 _ && while read -r -t 0.1 -u 3 _; do :; done
  kill "$watch" 2>/dev/null
  exec 3<&-
  # A watch that ends at once is an API server that starts or stops.
  sleep 0.2
done
