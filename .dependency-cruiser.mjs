/** The rule of imports (docs/architecture.md): arrows point down, there is no circle, and the core is pure. */

/** From the top down. A file imports from its own layer and from those below, types included. */
const layers = [
  'cli',
  'app',
  '(?:federation|drill|guard)',
  'cluster/world',
  'cluster/loop',
  'cluster/plan',
  'cluster/model',
  '(?:replicas|nodes|addons|lb)',
  '(?:backup|etcd|kubernetes|pki|ssh|artifacts|state|providers)',
  'util',
].map((folder) => `^src/${folder}/`);

const down = layers.slice(1).map((layer, index) => ({
  name: `down:${layer}`,
  comment: 'Arrows point down: what is above is not imported from below.',
  severity: 'error',
  from: { path: layer },
  to: { path: layers.slice(0, index + 1) },
}));

/** What is as pure as the core, which uses it. Whoever is listed here imports only what is listed here. */
const pure = [
  '^src/cluster/(?:model|plan)/',
  '^src/etcd/quorum\\.ts$',
  '^src/pki/due\\.ts$',
  '^src/pki/names\\.ts$',
  '^src/util/(?:failure|ipv4|remedy)\\.ts$',
  '^src/util/text/(?:clock-difference|nearest|rfc3339)\\.ts$',
  '^src/providers/registry\\.ts$',
  '^src/providers/[^/]+/traits\\.ts$',
  '^src/providers/local/address/addresses\\.ts$',
  '^src/providers/gce/names\\.ts$',
  '^node_modules/zod/',
];

export default {
  forbidden: [
    ...down,
    {
      name: 'a-layer-for-everything',
      comment: 'A new folder of src needs its place in the list of layers.',
      severity: 'error',
      from: { path: '^src/', pathNot: layers },
      to: {},
    },
    {
      name: 'no-circle',
      comment: 'Two files that need each other are one, or have a third in common.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-circle-of-folders',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/[^/]+$' },
      to: { circular: true, path: '^src/[^/]+$' },
    },
    {
      name: 'pure-core',
      comment:
        'The model and the plan do no I/O, nor does what they use. Types reach nothing, nor does what is loaded lazily.',
      severity: 'error',
      from: { path: pure, pathNot: '^node_modules/' },
      to: { pathNot: pure, dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'providers-by-the-registry',
      comment:
        'Only the registry knows a provider by name. What several have in common is in providers/shared.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/providers/registry\\.ts$', '^src/providers/([^/]+)/'] },
      to: { path: '^src/providers/[^/]+/' },
    },
    {
      name: 'providers-apart',
      severity: 'error',
      from: { path: '^src/providers/([^/]+)/' },
      to: { path: '^src/providers/[^/]+/', pathNot: ['^src/providers/$1/', '^src/providers/shared/'] },
    },
    {
      name: 'providers-ask-not-the-registry',
      severity: 'error',
      from: { path: '^src/providers/[^/]+/' },
      to: { path: '^src/providers/registry\\.ts$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true, // imports of types too
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: '^node_modules/' },
  },
};
