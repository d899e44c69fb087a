#!/bin/sh
# Who showed which client certificate to this API server, as its audit log and the newest `files` of those that were put aside tell: a line
# with the first moment that they know of, then one a certificate, FIRST, LAST, REQUESTS, SHA-256 and the user as JSON has it, between tabs;
# of `most` certificates at most. Nothing at all where there is no log.
: "${log?}" "${files?}" "${most?}"
set -eu
[ -s "$log" ] || exit 0
# Their names end with the time; one may be compressed, or taken away, meanwhile.
# shellcheck disable=SC2012 # names of Kubernetes' own
older=$(ls -1 "${log%.log}"-*.log "${log%.log}"-*.log.gz 2>/dev/null | sort -r | head -n "$files" | sort)
for file in $older "$log"; do
  case $file in *.gz) gzip -dc -- "$file" ;; *) cat -- "$file" ;; esac 2>/dev/null || :
done | LC_ALL=C awk -v most="$most" '
  # What is in a request or an answer comes between: the last is that of the event.
  function moment(rest, at) {
    while (match(rest, /"requestReceivedTimestamp":"[0-9TZ:.-]+"/)) {
      at = substr(rest, RSTART + 28, RLENGTH - 29)
      rest = substr(rest, RSTART + RLENGTH)
    }
    return at
  }
  NR == 1 { print moment($0) }
  !/X509SHA256=/ || !match($0, /"user":[{]"username":"([^"\\]|\\.)*"/) { next }
  {
    user = substr($0, RSTART + 20, RLENGTH - 21)
    rest = substr($0, RSTART + RLENGTH)
    # Of the one who asked, not of whom he acts for.
    other = index(rest, "\"impersonatedUser\":")
    if (other) rest = substr(rest, 1, other)
    if (!match(rest, /"authentication.kubernetes.io\/credential-id":\["X509SHA256=[0-9a-f]+"/)) next
    id = substr(rest, RSTART, RLENGTH - 1)
    sub(/.*=/, "", id)
    if (!(id in requests)) {
      if (known == most) next
      known++
      users[id] = user
      first[id] = moment($0)
    }
    requests[id]++
    last[id] = moment($0)
  }
  END { for (id in requests) print first[id] "\t" last[id] "\t" requests[id] "\t" id "\t" users[id] }
'
