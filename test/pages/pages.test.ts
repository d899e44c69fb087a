import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChangeReport, type Noted, reportOf } from '../../src/cli/report/document.ts';
import { changePage } from '../../src/cli/report/page.ts';
import { makePlan } from '../../src/cluster/plan/plan.ts';
import { withReplicas } from '../../src/cluster/plan/spec-changes.ts';
import type { DrillLog, LoggedSample } from '../../src/drill/log.ts';
import { drillPage } from '../../src/drill/page/page.ts';
import { newSealingKey, seal } from '../../src/drill/seal.ts';
import { converged, specOf } from '../support/clusters.ts';
import { logWith } from '../unit/drill/report.ts';
import {
  crowdedTexts,
  hasBrowser,
  type Look,
  openBrowser,
  paleTexts,
  paperOf,
  show,
  widthOf,
} from './support/browser.ts';

const LOOKS: readonly Look[] = [
  { colorScheme: 'light', media: 'screen', width: 1280 },
  { colorScheme: 'dark', media: 'screen', width: 1280 },
  { colorScheme: 'dark', media: 'print', width: 1000 },
];
const WIDE = LOOKS[0]!;

const drill = seal(logWith(3000), newSealingKey());
const change = changeReport(false);
const pages = {
  drill: drillPage(drill),
  change: changePage(change),
  plan: changePage(changeReport(true)),
} as const;

/** Growth from one master to five, with an outage of two seconds. */
function changeReport(dryRun: boolean): ChangeReport {
  const spec = { ...specOf(['demo-master@local-a']), multizone: true };
  const zones = ['local-b', 'local-c', 'local-b', 'local-c'];
  const grown = withReplicas(spec, zones, (_, used) => `demo-master-m${used.length}`);
  const interruption = { promotion: [1, 2], demotion: [1, 2], replacement: [1, 2], note: null } as const;
  const plan = makePlan(grown, converged(spec), { interruption });
  const began = Date.UTC(2026, 10, 26);
  const notes: Noted[] = [{ at: began, event: { type: 'plan', plan } }];
  const steps = dryRun ? [] : plan.steps;
  for (const [index, { step }] of steps.entries()) {
    const at = began + index * 1500;
    notes.push({ at, event: { type: 'step-started', step } });
    notes.push({ at: at + 1000 + (index % 4) * 2000, event: { type: 'step-finished', step, seconds: 1 } });
  }
  for (let n = 0; n < (dryRun ? 0 : 250); n++) {
    const read = { type: 'read', at: began + n * 200, ms: 10, failed: n >= 100 && n < 110 } as const;
    notes.push({ at: read.at, event: read });
  }
  notes.sort((a, b) => a.at - b.at);
  const ending = { haup: '0.1.0', command: 'add-replica', cluster: 'demo', dryRun, error: null };
  return reportOf(notes, { ...ending, began, ended: began + 60_000 });
}

describe.runIf(hasBrowser)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  async function seen<T>(name: keyof typeof pages, look: Look, work: (page: Page) => Promise<T>): Promise<T> {
    const page = await show(browser, pages[name], name, look);
    try {
      return await work(page);
    } finally {
      await page.close();
    }
  }

  for (const name of Object.keys(pages) as (keyof typeof pages)[]) {
    test.for(LOOKS)(`the page of a ${name} can be read: $colorScheme, $media`, async (look) => {
      await seen(name, look, async (page) => {
        expect(await paleTexts(page)).toEqual([]);
        expect(await crowdedTexts(page)).toEqual([]);
        const paper = await paperOf(page);
        const isDark = look.colorScheme === 'dark' && look.media === 'screen';
        expect(paper).toBe(isDark ? 'rgb(20, 24, 29)' : 'rgb(255, 255, 255)');
      });
    });

    test(`the page of a ${name} is not wider than a telephone`, async () => {
      await seen(name, { ...WIDE, width: 400 }, async (page) => {
        expect(await widthOf(page)).toBeLessThanOrEqual(400);
      });
    });

    test(`the page of a ${name} prints on paper, pictures whole`, async () => {
      await seen(name, { ...WIDE, media: 'print' }, async (page) => {
        const pdf = await page.pdf({ preferCSSPageSize: true });
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
        // A4 across, less the margins: 186 mm at 96 dots an inch.
        const heights = await page.$$eval('svg', (all) =>
          all.map((each) => each.getBoundingClientRect().height),
        );
        expect(Math.max(...heights)).toBeLessThanOrEqual((186 / 25.4) * 96);
      });
    });
  }

  test("a drill's figures on the page are those that follow from the requests in its JSON", async () => {
    const { log } = JSON.parse(JSON.stringify(drill)) as { log: DrillLog };
    await seen('drill', WIDE, async (page) => {
      const cells = await page.$$eval('h2:text("Act by act") + .wide tbody td', (all) =>
        all.map((each) => each.textContent!),
      );
      const from = log.acts[0]!.at;
      const { reads, writes } = log.clients;
      expect(cells.slice(2, 6)).toEqual([
        spelled(gap(writes, from, log.ms)),
        failures(writes, from),
        spelled(gap(reads, from, log.ms)),
        failures(reads, from),
      ]);
      expect(cells.at(-1)).toBe(spelled(log.acts[0]!.wellAt! - log.acts[0]!.curedAt!));
      const tiles = await page.$$eval('.tile b', (all) => all.map((each) => each.textContent!));
      expect(tiles[1]).toBe(spelled(gap(writes, from, log.ms)));
    });
  });

  test('an outage of three seconds is drawn as wide as three seconds are, where it was', async () => {
    await seen('drill', WIDE, async (page) => {
      const boxes = (selector: string) =>
        page.$$eval(selector, (all) =>
          all.map((each) => each.getBoundingClientRect()).map(({ left, width }) => ({ left, width })),
        );
      const [axis] = await boxes('line.base');
      const drawn = await boxes('.outage rect');
      expect(drawn).toHaveLength(3);
      for (const { left, width } of drawn) {
        expect((width / axis!.width) * drill.log.ms).toBeCloseTo(3000, -3);
        expect(((left - axis!.left) / axis!.width) * drill.log.ms).toBeCloseTo(20_000, -3);
      }
    });
  });

  test("a change's bars are as long as its steps took, and its figures follow from its JSON", async () => {
    await seen('change', WIDE, async (page) => {
      const widths = await page.$$eval('.step rect', (all) =>
        all.map((each) => each.getBoundingClientRect().width),
      );
      const took = change.steps.map(({ at, until }) => until! - at);
      expect(widths).toHaveLength(took.length);
      for (const [index, width] of widths.entries())
        expect(width / widths[0]!).toBeCloseTo(took[index]! / took[0]!, 1);
      const tiles = await page.$$eval('.tile', (all) => all.map((each) => each.textContent!));
      const failed = change.reads.filter(([, , isFailed]) => isFailed === 1).length;
      expect(tiles).toContain(`${failed} of ${change.reads.length}reads on new connections failed`);
      const samples = change.reads.map(([at, ms, isFailed]): LoggedSample => [at, ms, isFailed]);
      expect(tiles).toContain(`${spelled(gap(samples, 0, samples.at(-1)![0]))}longest without a read`);
    });
  });
});

/** Recomputed here, and not by the product: the longest time between two ends of good requests. */
function gap(samples: readonly LoggedSample[], from: number, until: number): number {
  const ends = samples.flatMap(([at, took, failed]) => (failed ? [] : [at + took])).filter((at) => at > from);
  const moments = [from, ...ends.filter((at) => at <= until), until].toSorted((a, b) => a - b);
  return Math.max(...moments.slice(1).map((at, index) => at - moments[index]!));
}

function failures(samples: readonly LoggedSample[], from: number): string {
  const after = samples.filter(([at]) => at >= from);
  return `${after.filter(([, , failed]) => failed).length} of ${after.length}`;
}

function spelled(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
