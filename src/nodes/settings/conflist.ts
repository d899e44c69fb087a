/**
 * The pods' network of one node: each pod hangs on a link of its own (ptp), with an address of the node's range, and is reached from
 * other nodes by a route to that range. What is handed out is kept in memory alone, because no pod outlives a machine's power.
 * @param podCidr the node's own range: "10.244.1.0/24".
 */
export function conflist(podCidr: string): string {
  return `${JSON.stringify(
    {
      cniVersion: '1.0.0',
      name: 'haup',
      plugins: [
        {
          type: 'ptp',
          ipMasq: false,
          ipam: {
            type: 'host-local',
            dataDir: '/run/cni',
            ranges: [[{ subnet: podCidr }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
        { type: 'portmap', capabilities: { portMappings: true }, backend: 'nftables' },
      ],
    },
    null,
    2,
  )}\n`;
}
