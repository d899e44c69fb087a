#!/bin/sh
# The images that a node has, as `ctr images list` says them, as soon as its container runtime runs. `ctr`: the program.
: "${ctr?}" "${socket?}"
. ./await-runtime.sh
await_runtime
"$ctr" --address "$socket" --namespace k8s.io images list
