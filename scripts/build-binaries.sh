#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd, etcdctl and etcdutl from their Go modules, for
# a place where the official downloads cannot be reached but Go modules can.
#
#   scripts/build-binaries.sh --kubernetes-version v1.37.1 --etcd-version v3.7.3 --output DIR [--arch amd64] [--only NAME]…
#
# Modules come from wherever this machine's Go is set up to get them (`go env GOPROXY`). Each is verified: by the sums of
# scripts/go/ where that has them for the release, else by Go's public checksum database, whatever the environment says.
# With --write-sums nothing is built: the sums of what would be go to scripts/go/ (for a new release in the versions table).
set -euo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

kubernetes='' etcd='' output='' arch='' write_sums='' only=()
while (($#)); do
  case $1 in
    --write-sums) write_sums=1; shift; continue ;;
    --kubernetes-version) kubernetes=${2-} ;;
    --etcd-version) etcd=${2-} ;;
    --output) output=${2-} ;;
    --arch) arch=${2-} ;;
    --only) only+=("${2-}") ;;
    *) usage ;;
  esac
  shift 2 || usage
done
[[ $kubernetes =~ ^v1\.[0-9]+\.[0-9]+$ && $etcd =~ ^v3\.[0-9]+\.[0-9]+$ && ${output:=$write_sums} ]] || usage
# shellcheck source=scripts/go/modules.sh
source "$(dirname "$0")/go/modules.sh"

# chosen NAME…: those of them that are to be built
chosen() {
  local name
  for name; do
    ((${#only[@]})) && [[ " ${only[*]} " != *" $name "* ]] || echo "$name"
  done
}

# etcd's modules are published with proper requirements; their replace lines only matter inside etcd's own repository.
build_etcd() { # program…
  local source program module
  source=$(fetch go.etcd.io/etcd/server/v3 "$etcd")
  mkdir "$work/etcd"
  cd "$work/etcd"
  {
    echo 'module haup.build/etcd'
    sed -n '/^go /p' "$source/go.mod"
    echo "require go.etcd.io/etcd/server/v3 $etcd"
    echo "require go.etcd.io/etcd/etcdctl/v3 $etcd"
    echo "require go.etcd.io/etcd/etcdutl/v3 $etcd"
  } >go.mod
  known_sums "etcd-$etcd"
  for program; do
    module=$program
    [[ $program != etcd ]] || module=server
    build -ldflags '-s -w' -o "$output/$program" "go.etcd.io/etcd/$module/v3"
  done
  keep_sums "etcd-$etcd" go.etcd.io/etcd/{server,etcdctl,etcdutl}/v3
}

mapfile -t programs < <(chosen etcd etcdctl etcdutl)
if ((${#programs[@]})); then
  say "etcd $etcd for $arch"
  (build_etcd "${programs[@]}")
fi
mapfile -t programs < <(chosen kube-apiserver kube-controller-manager kube-scheduler kubectl)
if ((${#programs[@]})); then
  say "Kubernetes $kubernetes for $arch, about 10 minutes on 2 cores the first time"
  (build_kubernetes "$kubernetes" "${programs[@]}")
fi
if [[ $write_sums ]]; then output=$sums; fi
say "done, in $output"
