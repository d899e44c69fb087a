import { z } from 'zod';

/** What haup reads of the messages of compute v1; what it does not read is dropped here. */

export const operation = z.object({
  name: z.string(),
  status: z.string().default('PENDING'),
  zone: z.string().optional(),
  region: z.string().optional(),
  error: z
    .object({ errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })) })
    .nullish(),
  httpErrorStatusCode: z.number().optional(),
});
export type Operation = z.infer<typeof operation>;

export const address = z.object({
  name: z.string(),
  address: z.string().default(''),
  status: z.string().default(''),
  description: z.string().default(''),
  users: z.array(z.string()).default([]),
});
export type StaticAddress = z.infer<typeof address>;

const accessConfig = z.object({
  name: z.string().default('External NAT'),
  natIP: z.string().default(''),
});
export const instance = z.object({
  name: z.string(),
  selfLink: z.string(),
  zone: z.string(),
  status: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  networkInterfaces: z
    .array(
      z.object({
        name: z.string().default('nic0'),
        networkIP: z.string().default(''),
        accessConfigs: z.array(accessConfig).default([]),
      }),
    )
    .min(1),
});
export type Instance = z.infer<typeof instance>;

export function externalIpOf(found: Instance): string | null {
  return found.networkInterfaces[0]?.accessConfigs[0]?.natIP || null;
}

export const region = z.object({ name: z.string(), zones: z.array(z.string()).default([]) });

export const firewall = z.object({
  name: z.string(),
  description: z.string().default(''),
  network: z.string().default(''),
  direction: z.string().default('INGRESS'),
  disabled: z.boolean().default(false),
  priority: z.number().default(1000),
  denied: z.array(z.object({ IPProtocol: z.string() })).default([]),
  allowed: z.array(z.object({ IPProtocol: z.string(), ports: z.array(z.string()).default([]) })).default([]),
  sourceRanges: z.array(z.string()).default([]),
  sourceTags: z.array(z.string()).default([]),
  destinationRanges: z.array(z.string()).default([]),
  targetTags: z.array(z.string()).default([]),
});
export type Firewall = z.infer<typeof firewall>;

export const route = z.object({
  name: z.string(),
  description: z.string().default(''),
  destRange: z.string().default(''),
  nextHopInstance: z.string().default(''),
});
export type Route = z.infer<typeof route>;

export const forwardingRule = z.object({
  name: z.string(),
  description: z.string().default(''),
  IPAddress: z.string().default(''),
  backendService: z.string().default(''),
});
export type ForwardingRule = z.infer<typeof forwardingRule>;

export const backendService = z.object({
  name: z.string(),
  selfLink: z.string().default(''),
  description: z.string().default(''),
  fingerprint: z.string().optional(),
  backends: z.array(z.object({ group: z.string() })).default([]),
});
export type BackendService = z.infer<typeof backendService>;

export const healthCheck = z.object({
  name: z.string(),
  selfLink: z.string().default(''),
  description: z.string().default(''),
});
export type HealthCheck = z.infer<typeof healthCheck>;

export const instanceGroup = z.object({
  name: z.string(),
  selfLink: z.string().default(''),
  description: z.string().default(''),
  zone: z.string(),
  size: z.number().default(0),
});

export const groupMember = z.object({ instance: z.string() });

export const groupHealth = z.object({
  healthStatus: z
    .array(
      z.object({
        instance: z.string(),
        healthState: z.string().default(''),
        forwardingRule: z.string().optional(),
        forwardingRuleIp: z.string().optional(),
      }),
    )
    .default([]),
});

export const disk = z.object({
  name: z.string(),
  zone: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  users: z.array(z.string()).default([]),
});

/** A page of a list, or of an aggregated list: items by scope, and the scopes that did not answer. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item).default([]), nextPageToken: z.string().optional() });
}
const warning = z.object({ code: z.string().default(''), message: z.string().default('') }).nullish();
export function aggregatedPageOf<T extends z.ZodType>(key: string, item: T) {
  return z.object({
    items: z
      .record(
        z.string(),
        z
          .object({ warning, [key]: z.array(item).nullish() })
          // A warning "replaces the list when the list is empty" (compute v1 reference): without either it is half of an answer.
          .refine((scope) => scope[key] || scope.warning, 'neither a list nor a warning')
          .transform((scope) => ({
            warning: scope.warning as z.output<typeof warning>,
            items: (scope[key] ?? []) as z.output<T>[],
          })),
      )
      .default({}),
    nextPageToken: z.string().optional(),
    unreachables: z.array(z.string()).default([]),
  });
}
