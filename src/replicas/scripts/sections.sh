# shellcheck shell=sh
# The parts of a machine's answer about itself; see ../ask.ts.
: "${separator?}"

# Ends a section.
say() { echo "$separator"; }
# absent PATH: it is known not to be there. A disk that fails (EIO) and a loop of links also have no file to show for it.
absent() { case "$(LC_ALL=C ls -d -- "$1" 2>&1)" in *'No such file or directory') return 0 ;; *) echo "cannot look at $1" >&2; return 1 ;; esac; }
# show FILE: or nothing where there is none. One that is there and cannot be read is no missing file: then nothing is known.
show() { if [ -e "$1" ]; then cat "$1" || exit 74; else absent "$1" || exit 74; fi; }
# names FOLDER: what is in it; the same of a folder
names() { if [ -e "$1" ]; then ls -- "$1" || exit 74; else absent "$1" || exit 74; fi; }
