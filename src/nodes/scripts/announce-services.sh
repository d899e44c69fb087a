#!/bin/bash
# Tells the fabric which addresses of Services this node answers for; see ../settings/announce-services.ts
set -uo pipefail
: "${prefix?}" "${port?}" "${every_seconds?}"

rules() { nft list map ip kube-proxy service-ips && nft list map ip kube-proxy no-endpoint-services; }

# Those for which kube-proxy has somebody to send connections to: "198.18.0.193 . tcp . 80 : …" in the one map, and not in the other.
answered() {
  awk -v entry="${prefix//./[.]}[0-9]+ [.] [a-z]+ [.] [0-9a-z-]+" '
    $1 == "map" { map = $2 }
    {
      for (rest = $0; match(rest, entry); rest = substr(rest, RSTART + RLENGTH)) {
        key = substr(rest, RSTART, RLENGTH)
        if (map == "service-ips") leads[key] = 1; else ends[key] = 1
      }
    }
    END { for (key in leads) if (!(key in ends)) once[substr(key, 1, index(key, " ") - 1)] = 1; for (address in once) print address }'
}

while :; do
  rules 2>/dev/null | answered | while read -r address; do echo >"/dev/udp/$address/$port"; done
  sleep "$every_seconds"
done
