# shellcheck shell=sh
# Puts the release that comes on standard input, as a tar archive, beside the one in force; see ../release.ts. `download` is a folder for
# what the machine downloads itself, or empty; `links` are names, below `programs`, by which units call the folder of their programs.
: "${digest?}" "${marker?}" "${download?}" "${links?}" "${programs?}" "${executables?}" "${executables_folder?}"
. ./in-force.sh

new=$releases/$digest
rm -rf -- "$releases"/*.part
trap 'rm -rf -- "$new.part"' EXIT
mkdir -p -- "$new.part"
tar -xpf - -C "$new.part"
printf '%s\n' "$marker" >"$new.part/marker.json"
if [ -n "$download" ]; then
  mkdir -p "$download"
  sh "$new.part/download.sh" >&2
fi
for program in $executables; do
  [ -x "$executables_folder/$program" ] || { echo "there is no $program in $executables_folder" >&2; exit 1; }
done
mkdir -p "$programs"
for link in $links; do point "$programs/$link" "$executables_folder"; done
keep "$new"
