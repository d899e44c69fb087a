#!/bin/sh
# Puts the release that comes on standard input, as a tar archive, on the machine; see ../release.ts.
# `prepare` and `finish` are shell of their own; `download` is a folder for what the machine downloads itself, or empty.
: "${name?}" "${prepare?}" "${finish?}" "${download?}" "${programs?}" "${programs_folder?}" "${first_unit?}"
: "${marker?}" "${marker_file?}" "${units?}"
. ./in-force.sh

# Standard input is the archive's, and standard error is what a failure is told from.
sh -euc "$prepare" >&2 </dev/null
# Leases are held, and given back, in the machine's name: no two machines may share one.
case "$(hostname)" in "$name" | "$name".*) ;; *) echo "$name" >/etc/hostname; hostname "$name" ;; esac

mkdir -p -- "$new.part"
tar -xpf - -C "$new.part"
if [ -n "$download" ]; then
  mkdir -p "$download"
  sh "$new.part/download.sh" >&2
fi
for program in $programs; do
  [ -x "$programs_folder/$program" ] || { echo "there is no $program in $programs_folder" >&2; exit 1; }
done

put_in_force
forget_others

mkdir -p "$units/.haup"
cp -- "$new"/units/* "$units/.haup"
sync -- "$units"/.haup/*
known=; [ ! -e "$units/$first_unit" ] || known=1
mv -f -- "$units"/.haup/* "$units"
rmdir "$units/.haup"
# systemd finds units that are new by itself.
[ -z "$known" ] || systemctl daemon-reload
[ -z "$finish" ] || sh -euc "$finish"

printf '%s\n' "$marker" >"$marker_file.new"
sync -- "$marker_file.new" "$releases" "$units"
mv -fT -- "$marker_file.new" "$marker_file"
sync -- "${marker_file%/*}"
