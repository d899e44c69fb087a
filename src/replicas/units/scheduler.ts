import { pkiPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { controllerService } from './controllers.ts';
import { emulation } from './emulation.ts';
import { commandLine, type Flags, unitFile } from './unit.ts';

/** `kube-scheduler.service` */
export function schedulerUnit(options: {
  readonly program: string;
  readonly emulated?: string;
  readonly extra?: Flags;
}): string {
  const kubeconfig = pkiPath('scheduler.conf');
  return unitFile({
    description: 'Kubernetes scheduler',
    after: ['kube-apiserver.service'],
    type: 'exec',
    user: users.scheduler,
    stopSeconds: 20,
    service: controllerService('kube-scheduler'),
    command: commandLine(options.program, {
      // The local API server. The same credentials ask it about those who call this component.
      kubeconfig,
      'authentication-kubeconfig': kubeconfig,
      'authorization-kubeconfig': kubeconfig,
      'leader-elect': true,

      // Health and metrics, for this machine only.
      'bind-address': '127.0.0.1',
      'tls-min-version': 'VersionTLS13',
      'tls-cert-file': pkiPath('scheduler.crt'),
      'tls-private-key-file': pkiPath('scheduler.key'),
      profiling: false,
      ...emulation(options),
      ...options.extra,
    }),
  });
}
