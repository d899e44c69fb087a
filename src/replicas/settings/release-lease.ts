import { apiClient } from './api-client.ts';

/**
 * `release-lease.sh <lease>`: gives up a leader election lease that a process of this machine held. Run after that
 * process has ended, or before it begins, so nobody is robbed of it. The controller manager does not do this itself (its feature gate
 * ControllerManagerReleaseLeaderElectionLockOnExit is alpha in 1.37 and off), and neither does a process that crashed:
 * without it the others wait for 15 s. It is run by the process's own user, as somebody who may do this and nothing else.
 */
export function releaseLeaseScript(apiPort: number): string {
  return `# See src/replicas/settings/release-lease.ts
set -eu
as="\${1#kube-}-lease"
${apiClient(apiPort, 2, '$as')}
url="$base/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/$1"
holder=$(api "$url" | tr -d ' \\n' | sed -n 's/.*"holderIdentity":"\\([^"]*\\)".*/\\1/p')
case "$holder" in "$(hostname)_"*) ;; *) exit 0 ;; esac
api -o /dev/null -X PATCH -H 'Content-Type: application/json-patch+json' --data "[
  {\\"op\\": \\"test\\", \\"path\\": \\"/spec/holderIdentity\\", \\"value\\": \\"$holder\\"},
  {\\"op\\": \\"replace\\", \\"path\\": \\"/spec/holderIdentity\\", \\"value\\": \\"\\"}]" "$url"
`;
}
