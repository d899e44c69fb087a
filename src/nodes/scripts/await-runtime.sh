# shellcheck shell=sh
: "${units?}" "${current?}" "${started?}" "${mounts?}" "${containerd?}"
# is_current: what runs, or is about to, is of the release in force
is_current() { [ "$(cat "$started" 2>/dev/null)" = "$(readlink "$current")" ]; }
# runtime_runs: that of the release in force does, and is not about to be started again
runtime_runs() {
  is_current && systemctl is-active -q "$containerd" &&
    case "$(systemctl show -p Job --value "$containerd")" in '' | 0) ;; *) false ;; esac
}
await_runtime() {
  # systemd says when it has started, which takes nothing from a machine that has all hands full. Once a run: what keeps ending is
  # for systemd to start again, and this may hurry it.
  if is_current && timeout 2 systemctl start "$containerd" 2>/dev/null; then return 0; fi
  until runtime_runs; do
    [ ! -e "$units/$mounts" ] || systemctl is-active -q "$mounts" || later "$mounts" 'the mounts for pods'
    later "$containerd" 'containerd: to start'
  done
}
