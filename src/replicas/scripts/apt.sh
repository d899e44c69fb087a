# shellcheck shell=sh
# Installs packages of the distribution. Whoever is at it already is waited for: after its first boot a cloud's machine upgrades itself.
install_packages() {
  tries=60
  # apt waits for dpkg's lock if it is told to, and never for that of its lists.
  until said=$(apt_get update 2>&1); do
    case $said in *'/lock'*) tries=$((tries - 1)) ;; *) tries=0 ;; esac
    [ "$tries" -gt 0 ] || { echo "$said" >&2; return 1; }
    sleep 5
  done
  apt_get install --no-install-recommends "$@"
}
apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -qqy -o DPkg::Lock::Timeout=300 "$@"; }
