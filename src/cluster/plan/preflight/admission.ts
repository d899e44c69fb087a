import type { Preflight } from './preflight.ts';

/** Without leases no controller acts, and without endpoints no pod finds the API: a newcomer would never work. */
export const nothingRefused: Preflight = ({ observation }) => {
  const [first] = observation.refusedWrites ?? [];
  if (!first) return undefined;
  return {
    message: `the API refuses what the control plane itself has to write: ${first}`,
    advice:
      'exclude leases, endpoints, endpointslices and events of kube-system and default from that webhook or policy (rules, namespaceSelector or matchConditions), or mend its server',
  };
};
