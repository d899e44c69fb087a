# shellcheck shell=sh
# field NAME: a text or a number in the JSON on standard input, of a name that is in it once. Not by jq: a cloud's image has none,
# and a master is provisioned without any package of the distribution.
field() { tr -d ' \n' | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
