#!/usr/bin/env bash
# Builds what a node runs (kubelet, kube-proxy, containerd with its shim and ctr, crictl, four CNI plugins) from Go modules, for
# a place where the official downloads cannot be reached but Go modules can. With --coredns or --kubeadm that alone is built.
#
#   scripts/build-node-binaries.sh --kubernetes-version v1.37.1 --containerd-version v2.4.2 --cni-plugins-version v1.10.0 \
#     --cri-tools-version v1.37.0 --output DIR [--arch amd64]
#   scripts/build-node-binaries.sh --kubernetes-version v1.37.1 --kubeadm yes --output DIR [--arch amd64]
#   scripts/build-node-binaries.sh --coredns-version v1.14.6 --output DIR [--arch amd64]
#
# Modules come from wherever this machine's Go is set up to get them (`go env GOPROXY`). Each is verified: by the sums of scripts/go/
# and of the modules' own releases where those have them, else by Go's public checksum database, whatever the environment says.
set -euo pipefail

usage() { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }

kubernetes='' containerd='' cni='' cri='' coredns='' kubeadm='' output='' arch=''
while (($#)); do
  case $1 in
    --kubernetes-version) kubernetes=${2-} ;;
    --containerd-version) containerd=${2-} ;;
    --cni-plugins-version) cni=${2-} ;;
    --cri-tools-version) cri=${2-} ;;
    --coredns-version) coredns=${2-} ;;
    --kubeadm) kubeadm=${2-} ;;
    --output) output=${2-} ;;
    --arch) arch=${2-} ;;
    *) usage ;;
  esac
  shift 2 || usage
done
for version in "$kubernetes" "$containerd" "$cni" "$cri" "$coredns"; do
  [[ $version =~ ^(v[0-9]+\.[0-9]+\.[0-9]+)?$ ]] || usage
done
[[ $output && ($coredns || $kubernetes && ($kubeadm || $containerd && $cni && $cri)) ]] || usage
# shellcheck source=scripts/go/modules.sh
source "$(dirname "$0")/go/modules.sh"

# A module that is published with its own requirements: what it replaces by other modules is replaced here too (Go heeds only the
# main module's replacements), and what it replaces by a folder of its own is taken as published.
wrap() { # name module version
  local source
  source=$(fetch "$2" "$3")
  mkdir "$work/$1"
  cd "$work/$1"
  {
    echo "module haup.build/$1"
    sed -n '/^go /p; /^godebug /p' "$source/go.mod"
    echo "require $2 $3"
    sed -n '/^replace (/,/^)/p; /^replace [^(]/p; /^exclude (/,/^)/p; /^exclude [^(]/p' "$source/go.mod" | grep -v '=> \.' || :
  } >go.mod
  cp "$source/go.sum" go.sum
  chmod u+w go.sum
}

build_containerd() {
  local module=github.com/containerd/containerd/v2 program
  wrap containerd $module "$containerd"
  for program in containerd containerd-shim-runc-v2 ctr; do
    # The snapshotters that are left out need C libraries or kernels that haup's machines do not have.
    build -tags urfave_cli_no_docs,no_btrfs,no_zfs,no_devmapper,no_aufs \
      -ldflags "-s -w -X $module/version.Version=$containerd" -o "$output/$program" "$module/cmd/$program"
  done
}

build_crictl() {
  wrap cri-tools sigs.k8s.io/cri-tools "$cri"
  build -ldflags "-s -w -X sigs.k8s.io/cri-tools/pkg/version.Version=${cri#v}" -o "$output/crictl" sigs.k8s.io/cri-tools/cmd/crictl
}

build_cni_plugins() {
  local module=github.com/containernetworking/plugins
  wrap cni-plugins $module "$cni"
  build -ldflags "-s -w -X $module/pkg/utils/buildversion.BuildVersion=$cni" -o "$output/" \
    $module/plugins/main/{ptp,loopback} $module/plugins/ipam/host-local $module/plugins/meta/portmap
}

# Sixteen of its plugins: all of them bring the clients of three clouds along.
build_coredns() {
  wrap coredns github.com/coredns/coredns "$coredns"
  cp "$sums/../images/coredns/main.go" .
  build -ldflags "-s -w -X github.com/coredns/coredns/coremain.GitCommit=haup" -o "$output/coredns" .
}

if [[ $coredns ]]; then
  say "CoreDNS $coredns for $arch"
  (build_coredns)
elif [[ $kubeadm ]]; then
  say "kubeadm $kubernetes for $arch"
  (build_kubernetes "$kubernetes" kubeadm)
else
  say "CNI plugins $cni for $arch"
  (build_cni_plugins)
  say "crictl $cri for $arch"
  (build_crictl)
  say "kubelet and kube-proxy $kubernetes for $arch"
  (build_kubernetes "$kubernetes" kubelet kube-proxy)
  say "containerd $containerd for $arch (about 5 minutes on 2 cores the first time)"
  (build_containerd)
fi
say "done, in $output"
