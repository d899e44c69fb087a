#!/bin/sh
# Which of the archives (arguments) the machine sees, and the images that a node has, as `ctr images list` says them, as soon as its container
# runtime runs. `ctr`: the program.
: "${ctr?}" "${socket?}" "${blobs?}"
. ./await-runtime.sh
await_runtime
for archive; do [ ! -r "$archive" ] || stat -L -c 'sees %s %n' -- "$archive"; done
# The runtime makes the folder when the first image comes.
[ ! -d "$blobs" ] || "$ctr" --address "$socket" --namespace k8s.io images list
