# shellcheck shell=sh
# The parts of a machine's answer about itself; see ../ask.ts.
: "${separator?}"

# Ends a section.
say() { echo "$separator"; }
# show FILE: or nothing where there is none. One that is there and cannot be read is no missing file: then nothing is known.
show() { [ ! -e "$1" ] || cat "$1" || exit 74; }
