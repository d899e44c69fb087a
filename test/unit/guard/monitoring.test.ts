import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { metricNames, metricsText, newTally, withFailedLook } from '../../../src/guard/metrics.ts';

const read = (path: string) =>
  readFileSync(new URL(`../../../docs/${path}`, import.meta.url).pathname, 'utf8');
const known = new Set(metricNames());

function metricsIn(expression: string): string[] {
  return expression.match(/\bhaup_[a-z_]+/g) ?? [];
}

/** What Prometheus takes: all fields of a rule file that ours uses, and no other. */
const rules = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Haup[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.strictObject({ summary: z.string().min(10), description: z.string().min(10) }),
        }),
      ),
    }),
  ),
});

describe('the page of alert rules', () => {
  const { groups } = rules.parse(parse(read('monitoring/alerts.yaml')));
  const alerts = groups.flatMap((group) => group.rules);

  test('asks for metrics that there are, in expressions whose brackets close', () => {
    for (const { alert, expr } of alerts) {
      expect(
        metricsIn(expr).filter((name) => !known.has(name)),
        alert,
      ).toEqual([]);
      for (const [open, close] of ['()', '[]', '{}'])
        expect(expr.split(open!).length, alert).toBe(expr.split(close!).length);
    }
  });

  test('names each alert once, and docs/monitoring.md says of each what it means', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const documented = [...read('monitoring.md').matchAll(/^\| `(Haup\w+)` \|/gm)].map(([, name]) => name);
    expect(documented).toEqual(names);
  });

  test('also fires for a guard that has never seen the cluster, and for one whose tries are an hour apart', () => {
    const expr = (name: string) => alerts.find(({ alert }) => alert === name)!.expr;
    const first = metricsText(withFailedLook(newTally('demo')));
    const [, ...others] = expr('HaupGuardBlind').split(' or ');
    const asked = others.flatMap(metricsIn);
    expect(asked.filter((name) => first.includes(`\n${name}{`))).not.toEqual([]);
    const [, hours] = /\[(\d+)h\]\) > 2$/.exec(expr('HaupGuardFails'))!;
    expect(Number(hours)).toBeGreaterThan(3);
  });

  test('refers to labels that the metrics have', () => {
    const labels = ['cluster', 'replica', 'zone', 'alarm', 'duty', 'outcome', 'instance'];
    for (const { annotations } of alerts)
      for (const [, label] of `${annotations.summary} ${annotations.description}`.matchAll(
        /\$labels\.(\w+)/g,
      ))
        expect(labels).toContain(label);
  });
});

test('the dashboard asks for metrics that there are, and its panels stand beside each other', () => {
  const place = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
  const panel = z.object({
    id: z.number(),
    title: z.string(),
    gridPos: place,
    targets: z.array(z.object({ expr: z.string(), refId: z.string() })).min(1),
  });
  const { panels } = z
    .object({ uid: z.string(), panels: z.array(panel) })
    .parse(JSON.parse(read('monitoring/dashboard.json')));
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const {
    title,
    targets,
    gridPos: { x, y, w, h },
  } of panels) {
    for (const { expr } of targets) {
      expect(metricsIn(expr).length, title).toBeGreaterThan(0);
      expect(
        metricsIn(expr).filter((name) => !known.has(name)),
        title,
      ).toEqual([]);
    }
    expect(x + w, title).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++)
      for (let row = y; row < y + h; row++) {
        expect(taken.has(`${column} ${row}`), title).toBe(false);
        taken.add(`${column} ${row}`);
      }
  }
});

test('docs/monitoring.md lists every metric, and no other', () => {
  const [, section = ''] = read('monitoring.md').split('## The metrics');
  const [table = ''] = section.split('## The alerts');
  const listed = [...table.matchAll(/`(haup_[a-z_]+)`/g)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual([...known].toSorted());
});
