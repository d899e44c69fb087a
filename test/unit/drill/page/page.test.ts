import { describe, expect, test } from 'vitest';
import { outages } from '../../../../src/drill/page/outages.ts';
import { drillPage } from '../../../../src/drill/page/page.ts';
import { newSealingKey, seal } from '../../../../src/drill/seal.ts';
import { logWith, logWithWorkload, requests } from '../report.ts';

const page = (outageMs: number): string => drillPage(seal(logWith(outageMs), newSealingKey()));

describe('the page of a drill', () => {
  test('shows an outage of 3 s as such: drawn, in words, and as a missed goal', () => {
    const html = page(3000);
    expect(html.match(/no success for 3\.[01] s/g)).toHaveLength(3);
    expect(html).toContain('<b>3.0 s</b><span>longest without a write</span>');
    expect(html).toContain('1 of 2 goals missed');
    expect(html).toMatch(
      /writes-resume<\/td><td>leader-power<\/td><td>2\.0 s<\/td><td>3\.0 s<\/td><td><b class="bad">missed/,
    );
    expect(html).toContain('no leader');
  });

  test('shows none where there was none', () => {
    const html = page(0);
    expect(html).not.toContain('no success for');
    expect(html).toContain('all 2 goals met');
  });

  test('shows what a client of the workload met, where there was one', () => {
    const html = drillPage(seal(logWithWorkload(3000), newSealingKey()));
    expect(html.match(/no success for 3\.[01] s/g)).toHaveLength(1);
    expect(html).toContain('<th>workload silent for</th><th>workload failed</th>');
    expect(html).toContain(
      '<p class="soft">Nodes: n0 in local-a</p><p class="soft">Workload: http://198.18.0.200/health</p>',
    );
    expect(page(3000)).not.toContain('workload');
  });

  test('needs nothing but itself, and takes no text for markup', () => {
    const html = page(3000);
    expect(html).not.toMatch(/(src|href)=|url\(|@import|<script/);
    expect(html).toContain('ETIMEDOUT &lt;b&gt;');
    expect(html).not.toContain('ETIMEDOUT <b>');
  });

  test('says it when data was lost', () => {
    const log = { ...logWith(0), violations: ['read 3 after 4: stale'] };
    const html = drillPage(seal(log, newSealingKey()));
    expect(html).toContain('data was lost or stale');
    expect(html).toContain('<li>read 3 after 4: stale</li>');
  });

  test('calls no cluster well that was not so again', () => {
    const { acts, ...log } = { ...logWith(0), goals: [] };
    const html = drillPage(
      seal({ ...log, acts: acts.map((act) => ({ ...act, wellAt: null })) }, newSealingKey()),
    );
    expect(html).toContain('not well again');
    expect(html.includes('survived</span>')).toBe(false);
    expect(html).toContain('<span class="bad">never</span>');
  });

  test('is the same whoever makes it of the same report', () => {
    const report = seal(logWith(3000), newSealingKey());
    expect(drillPage(report)).toBe(drillPage(JSON.parse(JSON.stringify(report))));
  });
});

describe('outages', () => {
  test('are where nothing succeeded for more than a second', () => {
    expect(outages(requests(10_000, 100, [4000, 7000]), 10_000)).toEqual([{ from: 3905, until: 7005 }]);
    expect(outages(requests(10_000, 100, [4000, 4500]), 10_000)).toEqual([]);
    expect(outages([], 10_000)).toEqual([]);
  });

  test('may last to the end, or from the beginning', () => {
    expect(outages(requests(10_000, 100, [4000, 10_000]), 10_000)).toEqual([{ from: 3905, until: 9900 }]);
    expect(outages(requests(10_000, 100, [0, 3000]), 10_000)).toEqual([{ from: 0, until: 3005 }]);
  });
});
