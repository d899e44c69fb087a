# shellcheck shell=bash
# What building programs from their Go modules takes, for the scripts that do: sourced, not run.
#
# It sets `sums` and `work`, and the environment of Go. The script has set `output` and `arch` (empty: this machine's), and
# `write_sums`, where it has that switch.

me=$(basename "$0" .sh)
say() { echo "$me: $*" >&2; }
fail() { say "$*"; exit 1; }

command -v go >/dev/null || fail 'go is not on PATH. Install Go (https://go.dev/doc/install), or let haup download the official release.'
sums=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
arch=${arch:-$(go env GOHOSTARCH)}
write_sums=${write_sums:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[[ ! $write_sums ]] || output=$work/binaries
mkdir -p "$output"
output=$(cd "$output" && pwd)

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
  say "compiling $(go list -deps "${list[@]}" | wc -l) packages"
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
# published from the same commit (v1.x.y is published as v0.x.y), builds the same code. Module, tags and stamps are the same
# whatever is built, so that what masters and nodes both need is compiled once.
enter_kubernetes() { # version: goes to that module's folder, and sets `tags` and `stamp`
  local kubernetes=$1 source staging=v0.${1#v1.} major_minor=${1#v} package
  source=$(fetch k8s.io/kubernetes "$kubernetes")
  mkdir "$work/kubernetes"
  cd "$work/kubernetes" || exit
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

  # What the release build stamps (hack/lib/version.sh), but for commit and date, which a module does not carry.
  stamp=''
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    stamp+=" -X $package.gitVersion=$kubernetes -X $package.gitTreeState=clean"
    stamp+=" -X $package.gitMajor=${major_minor%%.*} -X $package.gitMinor=$(cut -d. -f2 <<<"$major_minor")"
  done
  # The tags of the release build (hack/lib/golang.sh); grpcnotrace lets the linker drop a fifth to a third of each component.
  tags=selinux,notest,grpcnotrace
}

build_kubernetes() { # version command…
  local kubernetes=$1 commands=("${@:2}") tags stamp
  enter_kubernetes "$kubernetes"
  commands=("${commands[@]/#/k8s.io/kubernetes/cmd/}")
  build -tags "$tags" -ldflags "-s -w$stamp" -o "$output/" "${commands[@]}"
  keep_sums "kubernetes-$kubernetes" -tags "$tags" "${commands[@]}"
}
