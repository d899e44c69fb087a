#!/usr/bin/env bash
# Builds kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, etcd and etcdctl from their Go modules, for a
# place where the official downloads cannot be reached but Go modules can.
#
#   scripts/build-binaries.sh --kubernetes-version v1.37.1 --etcd-version v3.7.3 --output DIR [--arch amd64]
#
# Modules come from wherever this machine's Go is set up to get them (`go env GOPROXY`). Each is verified: by the sums of
# scripts/go/ where that has them for the release, else by Go's public checksum database, whatever the environment says.
# With --write-sums nothing is built: the sums of what would be go to scripts/go/ (for a new release in the versions table).
set -euo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
fail() { echo "build-binaries: $*" >&2; exit 1; }

kubernetes='' etcd='' output='' arch='' write_sums=''
while (($#)); do
  case $1 in
    --write-sums) write_sums=1; shift; continue ;;
    --kubernetes-version) kubernetes=${2-} ;;
    --etcd-version) etcd=${2-} ;;
    --output) output=${2-} ;;
    --arch) arch=${2-} ;;
    *) usage ;;
  esac
  shift 2 || usage
done
[[ $kubernetes =~ ^v1\.[0-9]+\.[0-9]+$ && $etcd =~ ^v3\.[0-9]+\.[0-9]+$ && ${output:=$write_sums} ]] || usage
command -v go >/dev/null || fail 'go is not on PATH. Install Go (https://go.dev/doc/install), or let haup download the official release.'
arch=${arch:-$(go env GOHOSTARCH)}
sums=$(cd "$(dirname "$0")" && pwd)/go
work=$(mktemp -d)
[[ ! $write_sums ]] || output=$work/binaries
mkdir -p "$output"
output=$(cd "$output" && pwd)
trap 'rm -rf "$work"' EXIT

# -mod=mod: the requirements that these go.mod files leave out are filled in from the modules' own.
# The environment's other flags are dropped, so that every machine builds the same thing.
export GOFLAGS=-mod=mod GOWORK=off CGO_ENABLED=0 GOOS=linux GOARCH=$arch
# Neither the environment nor `go env -w` switches the checksum database off; where modules come from is still theirs to say.
GOPROXY=$(go env GOPROXY) GONOPROXY=$(go env GONOPROXY) GOTOOLCHAIN=$(go env GOTOOLCHAIN)
export GOPROXY GONOPROXY GOTOOLCHAIN GOENV=off
unset GOSUMDB GONOSUMDB GOPRIVATE GONOSUMCHECK
[[ $(go env GOSUMDB) != off ]] || fail "the checksum database is switched off in $(go env GOROOT)/go.env"
build() {
  [[ ! $write_sums ]] || return 0
  # How many packages there are, those that Go still has compiled included; -v names each that it compiles.
  local list=() i
  for ((i = 1; i <= $#; i++)); do
    if [[ ${!i} == -o ]]; then ((++i)); else list+=("${!i}"); fi
  done
  echo "build-binaries: compiling $(go list -deps "${list[@]}" | wc -l) packages" >&2
  go build -v -trimpath -buildvcs=false "$@"
}
# The go.sum of the module in this folder: what is known of it goes first, and what was not known is kept with --write-sums.
known_sums() { [[ $write_sums || ! -e $sums/$1.sum ]] || cp "$sums/$1.sum" go.sum; }
keep_sums() { # name package…
  [[ $write_sums ]] || return 0
  for GOARCH in amd64 arm64; do go list -deps "${@:2}" >/dev/null; done
  mkdir -p "$sums" && cp go.sum "$sums/$1.sum"
}
fetch() { # module version → its folder in Go's module cache
  local answer
  answer=$(go mod download -json "$1@$2") ||
    fail "Go modules do not offer $1 $2: $(sed -n 's/^\t"Error": "\(.*\)",\{0,1\}$/\1/p' <<<"$answer")"
  sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$answer"
}

# Kubernetes. `go install k8s.io/kubernetes/cmd/…@version` refuses, because that module replaces its staging modules by folders
# that its zip does not hold. A module of ours with the same requirements, each staging module replaced by the one that is
# published from the same commit (v1.x.y is published as v0.x.y), builds the same code.
build_kubernetes() {
  local source staging=v0.${kubernetes#v1.} major_minor=${kubernetes#v} stamp='' package
  source=$(fetch k8s.io/kubernetes "$kubernetes")
  mkdir "$work/kubernetes"
  cd "$work/kubernetes"
  {
    echo 'module haup.build/kubernetes'
    sed -n '/^go /p; /^godebug/p' "$source/go.mod"
    sed -n '/^require (/,/^)/p' "$source/go.mod" | sed "s|\(k8s.io/[a-z-]*\) v0\.0\.0\( .*\)\{0,1\}\$|\1 $staging|"
    echo "require k8s.io/kubernetes $kubernetes"
    echo 'replace ('
    sed -n '/^replace (/,/^)/p' "$source/go.mod" | awk -v v="$staging" '/\.\/staging\// { print "\t" $1 " => " $1 " " v }'
    echo ')'
  } >go.mod
  known_sums "kubernetes-$kubernetes"
  local tags=selinux,notest,grpcnotrace

  # What the release build stamps (hack/lib/version.sh), but for commit and date, which a module does not carry.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    stamp+=" -X $package.gitVersion=$kubernetes -X $package.gitTreeState=clean"
    stamp+=" -X $package.gitMajor=${major_minor%%.*} -X $package.gitMinor=$(cut -d. -f2 <<<"$major_minor")"
  done
  # The tags of the release build (hack/lib/golang.sh); grpcnotrace lets the linker drop a fifth to a third of each component.
  local commands=(k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubectl})
  build -tags $tags -ldflags "-s -w$stamp" -o "$output/" "${commands[@]}"
  keep_sums "kubernetes-$kubernetes" -tags $tags "${commands[@]}"
}

# etcd's modules are published with proper requirements; their replace lines only matter inside etcd's own repository.
build_etcd() {
  local source
  source=$(fetch go.etcd.io/etcd/server/v3 "$etcd")
  mkdir "$work/etcd"
  cd "$work/etcd"
  {
    echo 'module haup.build/etcd'
    sed -n '/^go /p' "$source/go.mod"
    echo "require go.etcd.io/etcd/server/v3 $etcd"
    echo "require go.etcd.io/etcd/etcdctl/v3 $etcd"
  } >go.mod
  known_sums "etcd-$etcd"
  build -ldflags '-s -w' -o "$output/etcd" go.etcd.io/etcd/server/v3
  build -ldflags '-s -w' -o "$output/etcdctl" go.etcd.io/etcd/etcdctl/v3
  keep_sums "etcd-$etcd" go.etcd.io/etcd/{server,etcdctl}/v3
}

echo "build-binaries: etcd $etcd for $arch" >&2
(build_etcd)
echo "build-binaries: Kubernetes $kubernetes for $arch, about 10 minutes on 2 cores the first time" >&2
(build_kubernetes)
if [[ $write_sums ]]; then output=$sums; fi
echo "build-binaries: done, in $output" >&2
