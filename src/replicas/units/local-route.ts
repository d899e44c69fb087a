/**
 * `haup-api-address.service`: the API address as a local address of the machine. GCE delivers the balancer's packets with their
 * destination unchanged; the guest agent adds such an address too, but only seconds after the balancer's rule appears.
 */
export function localRouteUnit(apiAddress: string): string {
  return `[Unit]
Description=The API address as a local address
Before=kube-apiserver.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip route replace local ${apiAddress}/32 dev lo proto static
ExecStop=-ip route del local ${apiAddress}/32 dev lo proto static

[Install]
WantedBy=multi-user.target
`;
}
