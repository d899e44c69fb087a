# shellcheck shell=sh
# api PATH …: curl to this machine's API server, with curl's arguments. `as` is whose certificate: a file of src/pki's without its
# ending; `limit` is in seconds.
: "${pki?}" "${api_port?}"
. ./curl.sh
as=
limit=2
api() {
  path=$1
  shift
  curl_here -sS -m "$limit" --cacert "$pki/ca.crt" --cert "$pki/$as.crt" --key "$pki/$as.key" "$@" \
    "https://127.0.0.1:$api_port$path"
}
