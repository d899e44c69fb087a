/** Every flag there is, once. */

export * from './flags/access.ts';
export * from './flags/backups.ts';
export * from './flags/changes.ts';
export * from './flags/cluster.ts';
export * from './flags/drill.ts';
export * from './flags/federation.ts';
export * from './flags/guard.ts';
export * from './flags/machines.ts';
export * from './flags/nodes.ts';
export * from './flags/output.ts';
