#!/usr/bin/env bash
# Builds Kubernetes' own end-to-end tests (e2e.test) and the programs of the images that they run (agnhost, nnp, sample-apiserver) from
# Go modules.
#
#   scripts/build-conformance.sh --kubernetes-version v1.37.1 --output DIR
#
# Modules come from wherever this machine's Go is set up to get them (`go env GOPROXY`), and are verified as those of
# scripts/build-binaries.sh are. With what that script compiled, about five minutes on two cores.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }

kubernetes='' output=''
while (($#)); do
  case $1 in
    --kubernetes-version) kubernetes=${2-} ;;
    --output) output=${2-} ;;
    *) usage ;;
  esac
  shift 2 || usage
done
[[ $kubernetes =~ ^v1\.[0-9]+\.[0-9]+$ && $output ]] || usage
# shellcheck source=scripts/go/modules.sh
source "$(dirname "$0")/go/modules.sh"

# Kubernetes' module, tags and stamps are those of its programs, so that what these left in Go's cache is not compiled again.
enter_kubernetes "$kubernetes"
images=k8s.io/kubernetes/test/images
say "agnhost and nnp of $kubernetes for $arch"
build -tags "$tags" -ldflags "-s -w$stamp" -o "$output/agnhost" $images/agnhost
build -tags "$tags" -ldflags "-s -w$stamp" -o "$output/nnp" $images/nonewprivs
say "e2e.test of $kubernetes for $arch"
# -vet=off: or all that it depends on is vetted too.
go test -c -vet=off -trimpath -buildvcs=false -tags "$tags" -ldflags "-s -w$stamp" -o "$output/e2e.test" k8s.io/kubernetes/test/e2e

# One spec runs an API server of an older release behind the cluster's: which one is in its image's tag, of which the module is a v0.
sample=$("$output/e2e.test" --list-images | sed -n 's|.*/sample-apiserver:1\.|v0.|p')
say "sample-apiserver $sample for $arch"
source=$(fetch k8s.io/sample-apiserver "$sample")
mkdir "$work/sample-apiserver"
cd "$work/sample-apiserver"
{
  echo 'module haup.build/sample-apiserver'
  sed -n '/^go /p' "$source/go.mod"
  echo "require k8s.io/sample-apiserver $sample"
} >go.mod
install -m 0644 "$source/go.sum" go.sum
build -ldflags '-s -w' -o "$output/sample-apiserver" k8s.io/sample-apiserver
say "done, in $output"
