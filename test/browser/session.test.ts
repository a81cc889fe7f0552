import { expect, inject, test } from 'vitest';
import type { KernelChoice, ParameterCount, StepLogs, TrainOutput } from '../../src/index';
import { expectWithin } from '../helpers/clock';
import { largestDifference } from '../helpers/golden/golden';
import { ofRing, testInAll } from '../helpers/ring';
import { browserNames, reporting, reportOf, withBrowser } from './helpers/harness';

interface Trained {
  readonly progress: readonly string[];
  readonly logits: Readonly<Record<'base' | 'untrained' | 'trained' | 'disabled', readonly number[]>>;
  readonly written: { readonly tokens: readonly number[]; readonly streamed: string; readonly whole: string };
  readonly parameters: ParameterCount;
  readonly events: readonly string[];
  readonly logs: readonly StepLogs[];
  readonly output: TrainOutput;
  readonly pausedSteps: number;
  readonly longestGap: number;
  readonly files: object;
  readonly states: readonly string[];
  readonly warnings: readonly string[];
}

interface Reopened {
  readonly listed: readonly object[];
  readonly logits: readonly number[];
  readonly files: object;
  readonly left: number;
}

// `responsive.clock` measures a page of Chromium while its worker trains.
const names = inject('ring') === 'clock' ? ['firefox' as const] : ofRing(browserNames);
test.each(names)('%s: the bundled model trains in a worker, and its adapter outlives the page', async (name) => {
  const [trained, reopened] = await withBrowser(name, async (page, url) => {
    const report = await reporting(page);
    return [
      await report<Trained>(`${url}/pages/models/bundled.html`),
      await report<Reopened>(`${url}/pages/runs/reopened.html`),
    ] as const;
  });
  const { logits, written, logs, output } = trained;

  expect(trained.progress).toEqual(expect.arrayContaining(['initiate', 'progress', 'progress_total', 'ready']));
  expect(written.tokens).toHaveLength(8);
  expect(written.whole).toMatch(/\w/);
  expect(written.streamed).toBe(written.whole);

  // Six blocks with seven linear layers each. For each layer, λ_d has 64 elements, and λ_b has one element for each output feature.
  expect(trained.parameters.trainable).toBe(9984);
  expect(largestDifference(logits.untrained, logits.base)).toBe(0);
  expect(largestDifference(logits.trained, logits.base)).toBeGreaterThan(0.01);
  expect(largestDifference(logits.disabled, logits.base)).toBe(0);

  expect(logs.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  // An untrained model with a vocabulary of 1024 tokens has a loss of ln 1024 = 6.9.
  for (const { loss } of logs) expect(loss).toBeGreaterThan(3);
  for (const { loss } of logs) expect(loss).toBeLessThan(5.5);
  for (const { grad_norm } of logs) expect(grad_norm).toBeGreaterThan(0);
  for (const { seconds_left, step } of logs) expect(seconds_left > 0).toBe(step < 8);
  expect(output.global_step).toBe(8);
  expect(output.training_loss).toBeCloseTo(logs.reduce((sum, { loss }) => sum + loss, 0) / 8, 5);
  const events = trained.events.filter((event) => event !== 'log');
  expect(events.filter((event) => event !== 'save')).toEqual(['paused', 'resumed']);
  // The run saves when it is paused, and at its end.
  expect([events[events.indexOf('paused') - 1], events.at(-1)]).toEqual(['save', 'save']);
  expect(trained.pausedSteps).toBe(0);
  // The longest time for which the page was blocked, in milliseconds. Its worker compiled and trained for seconds meanwhile.
  expectWithin(1000, trained.longestGap);
  expect(trained.states).toEqual(['busy', 'closed']);
  expect(trained.warnings).toEqual(['projection_not_saved']);

  expect(reopened).toEqual({
    listed: [{ id: 'prose', bytes: expect.any(Number), r: 64 }],
    logits: expect.any(Array),
    files: trained.files,
    left: 0,
  });
  expect(largestDifference(reopened.logits, logits.trained)).toBe(0);
});

interface Tuned {
  readonly before: KernelChoice;
  readonly after: KernelChoice;
  readonly files: object;
}

testInAll('chromium: kernels are tuned once, and later sessions of this browser have them from the start', async () => {
  const [first, second] = await withBrowser('chromium', (page, url) =>
    reportOf<readonly [Tuned, Tuned]>(page, `${url}/pages/engine/kernels.html`),
  );
  expect(first.before.variants).toEqual({});
  expect(Object.keys(first.after.variants).length).toBeGreaterThan(0);
  expect(second.before).toEqual(first.after);
  expect(second.after).toEqual(first.after);
  expect(second.files).toEqual(first.files);
});
