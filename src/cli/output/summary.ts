import type { Outcome } from '../../app/engine.ts';
import type { Status } from '../../cluster/plan/status.ts';
import type { Step } from '../../cluster/plan/step.ts';
import { describeAvailability } from './availability.ts';
import { type About, commandLine, sayWarning } from './remedy.ts';
import { safe, safeAll } from './safe.ts';
import { renderStatus } from './status.ts';
import type { Style } from './style.ts';
import { elapsed } from './time.ts';
import { listed } from './words.ts';

/** The last words of a changing command: what changed, where the API is, how safe that is, and what to type next. */
export function renderSummary(
  command: string,
  about: About & { readonly cluster: string },
  outcome: Outcome,
  /** The steps that were really done. */
  done: readonly Step[],
  style: Style,
): string[] {
  const status = safeAll(outcome.status);
  const changes = changesOf(safeAll(done));
  const first = changes.length > 0 ? changes.join(', ') : 'nothing to do';
  const lines = [`${style.bold(about.cluster)}: ${first} (${elapsed(outcome.seconds)})`];
  for (const report of outcome.availability) lines.push(`measured  ${describeAvailability(report)}`);
  if (status) {
    const [, api = '', etcd = ''] = renderStatus(status, style);
    lines.push(api, etcd);
    if (status.unfinished.length > 0)
      lines.push(style.bad(`unfinished: ${status.unfinished.map(safe).join('; ')}`));
    for (const warning of status.warnings) {
      lines.push(style.warn(`warning: ${safe(sayWarning(warning, about))}`));
    }
  }
  const next = nextCommand(command, about, status);
  return next ? [...lines, `next: ${style.bold(next)}`] : lines;
}

function changesOf(done: readonly Step[]): string[] {
  const changes: string[] = [];
  const created: string[] = [];
  const deleted: string[] = [];
  for (const step of done) {
    if (step.kind === 'create-machine') created.push(`${step.replica} in ${step.zone}`);
    if (step.kind === 'delete-machine') deleted.push(step.replica);
    if (step.kind === 'create-node') created.push(`${step.node} in ${step.zone}`);
    if (step.kind === 'delete-node') deleted.push(step.node);
    if (step.kind === 'start-node') changes.push(`started ${step.node}`);
    if (step.kind === 'start-machine') changes.push(`started ${step.replica}`);
    if (step.kind === 'hand-over')
      changes.push(
        `the API address moved to ${step.to.kind === 'machine' ? step.to.name : 'the load balancer'}`,
      );
    if (step.kind === 'delete-network') changes.push('nothing is left');
  }
  if (deleted.length > 0) changes.unshift(`deleted ${listed(deleted)}`);
  if (created.length > 0) changes.unshift(`created ${listed(created)}`);
  return changes.length > 0 || done.length === 0 ? changes : ['done'];
}

function nextCommand(command: string, about: About, status: Status | null): string | null {
  if (!status) return null;
  if (!status.converged) return commandLine({ command: 'repair' }, about);
  // Whichever was replaced now might be the last that has the data.
  if (status.etcd.healthy < status.etcd.quorum) return commandLine({ command: 'status' }, about);
  const dead = status.replicas.find(
    (replica) => replica.machine !== 'running' || !(replica.etcd.healthy || replica.etcd.unknown),
  );
  if (dead) return commandLine({ command: 'replace-replica', replicas: [dead.name] }, about);
  if (status.etcd.voters === 2) {
    // In several zones a third one is best, and which there are is not known here.
    const zone = (status.multizone ? null : status.replicas[0]?.zone) ?? 'ZONE';
    return `${commandLine({ command: 'add-replica' }, about)} --zone ${zone}`;
  }
  if (command === 'create' || command === 'kube-up')
    return `${commandLine({ command: 'kubeconfig' }, about)} --merge`;
  return commandLine({ command: 'status' }, about);
}
