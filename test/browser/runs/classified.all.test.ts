import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ofAll } from '../../helpers/ring';
import { withSite } from '../helpers/harness';
import { type Done, type Report, visit } from '../helpers/visit';

interface Classified extends Done {
  readonly ended: { readonly global_step: number; readonly best_global_step: number; readonly best_metric: number };
  readonly fit: { readonly examples: number; readonly computed: number; readonly loss: number };
  readonly evaluations: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
}

const cases = [
  { browser: 'chromium', kind: 'texts', metric: 'accuracy' },
  { browser: 'chromium', kind: 'numbers', metric: 'pearson' },
  { browser: 'firefox', kind: 'images', metric: 'accuracy' },
] as const;

test.each(ofAll(cases, ({ kind }) => kind === 'numbers'))(
  '$browser: a run that classifies $kind evaluates itself, stops early, and ends with the same bytes after a killed browser',
  async ({ browser, kind, metric }) => {
    const profile = await mkdtemp(join(tmpdir(), 'webvera-'));
    try {
      await withSite(async (url) => {
        const straight = (await visit(browser, url, `runs/classified.html?kind=${kind}&straight`)).at(-1) as Classified;
        const { ended, evaluations, fit } = straight;
        // The images repeat, and the features of each distinct image are computed once.
        expect(fit).toMatchObject({ examples: 15, computed: kind === 'images' ? 5 : 15 });
        expect(fit.loss).toBeLessThan(evaluations[0]!.metrics.eval_loss!);
        expect(evaluations.map(({ step }) => step)).toEqual(evaluations.map((_, index) => 4 * (index + 1)));
        for (const { metrics } of evaluations) expect(metrics[metric]).toBeLessThanOrEqual(1);
        const losses = evaluations.map(({ metrics: { eval_loss } }) => eval_loss!);
        expect(Math.min(...losses)).toBe(ended.best_metric);
        expect(Math.min(...losses)).toBeLessThan(losses[0]!);
        // Training stops after three evaluations without an improvement, or at its last step.
        expect([28, ended.best_global_step + 12]).toContain(ended.global_step);

        const dies = (report: Report): boolean => report.type === 'log' && 'step' in report && report.step >= 7;
        const cut = await visit(browser, url, `runs/classified.html?kind=${kind}`, { profile, dies });
        expect(cut.some(({ type }) => type === 'save')).toBe(true);
        const resumed = await visit(browser, url, `runs/classified.html?kind=${kind}`, { profile });
        expect(resumed[0]!.type).toBe('restored');
        expect(resumed.at(-1)).toEqual(straight);
      });
    } finally {
      await rm(profile, { recursive: true, force: true, maxRetries: 20 });
    }
  },
);
