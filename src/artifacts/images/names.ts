import { NODE_VERSIONS } from '../versions.ts';

/**
 * The images of every cluster with nodes, by their official names: offline ones are built from the same versions and carry the same
 * names, so that nothing else differs between a cluster with a registry and one without.
 */
export const PAUSE_IMAGE = `registry.k8s.io/pause:${NODE_VERSIONS.pause}`;
export const COREDNS_IMAGE = `registry.k8s.io/coredns/coredns:${NODE_VERSIONS.coredns}`;

/** haup's own little web server, for demonstrations and tests; in no registry. */
export const ECHO_IMAGE = 'haup.local/echo:1';
