#!/usr/bin/env bash
# A root file system of Debian packages with all that they depend on, and a shell with the usual small tools, as a tar file. Nothing is
# installed: packages are unpacked, none of their scripts runs. The same versions of packages make the same bytes.
#
#   scripts/conformance/rootfs.sh OUTPUT.tar FOLDER|- PACKAGE…
#
# FOLDER is laid over it. Packages come from where this machine's apt gets its own; Debian is needed, not root.
set -euo pipefail

output=$1 over=$2 packages=("${@:3}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

# An empty status file: for apt nothing is installed, so it brings everything.
mkdir -p "$work/debs/partial"
: >"$work/status"
apt-get -o Dir::State::status="$work/status" -o Dir::Cache::archives="$work/debs" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
  -qq -y --no-install-recommends --download-only install busybox-static libc6 "${packages[@]}" >&2

for folder in bin lib lib64 sbin; do
  mkdir -p "$root/usr/$folder"
  ln -s "usr/$folder" "$root/$folder"
done
for package in "$work"/debs/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar --extract --no-same-owner --keep-directory-symlink --directory "$root"
done
rm -rf "$root"/usr/share/{bash-completion,bug,common-licenses,doc,doc-base,i18n,info,lintian,locale,man,perl,perl5} \
  "$root"/usr/lib/x86_64-linux-gnu/{gconv,perl,perl-base} "$root"/usr/bin/perl*
mkdir -p "$root"/{dev,etc,proc,root,run,sys,tmp,var/tmp}
chmod 1777 "$root"/{tmp,var/tmp}

# bash is sh where it is there: busybox's shell takes its own tools for those of packages, and drops variables of names like "data-1".
# Alternatives are links that packages' scripts would make.
[[ ! -e $root/usr/bin/bash ]] || ln -s bash "$root/usr/bin/sh"
[[ ! -e $root/usr/bin/nc.openbsd ]] || ln -s nc.openbsd "$root/usr/bin/nc"
# What packages did not bring.
while read -r applet; do
  for folder in bin sbin; do [[ ! -e $root/usr/$folder/$applet && ! -L $root/usr/$folder/$applet ]] || continue 2; done
  ln -s busybox "$root/usr/bin/$applet"
done < <("$root/usr/bin/busybox" --list)

cat >"$root/etc/passwd" <<END
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
END
cat >"$root/etc/group" <<END
root:x:0:
nogroup:x:65534:
END
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
[[ $over == - ]] || cp -a --remove-destination "$over/." "$root/"

tar --create --file "$output" --directory "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=gnu .
