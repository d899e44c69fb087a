# shellcheck shell=sh
: "${units?}" "${current?}" "${started?}" "${mounts?}" "${containerd?}"
# runtime_runs: that of the release in force does, and is not about to be started again
runtime_runs() {
  [ "$(cat "$started" 2>/dev/null)" = "$(readlink "$current")" ] && systemctl is-active -q "$containerd" &&
    case "$(systemctl show -p Job --value "$containerd")" in '' | 0) ;; *) false ;; esac
}
await_runtime() {
  # A new node's starts while its token is made: then it is there in a moment.
  for _ in 1 2 3 4 5; do ! runtime_runs || return 0; sleep 0.02; done
  until runtime_runs; do
    [ ! -e "$units/$mounts" ] || systemctl is-active -q "$mounts" || later "$mounts" 'the mounts for pods'
    later "$containerd" 'containerd: to start'
  done
}
