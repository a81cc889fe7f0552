import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AutoModelForSequenceClassification,
  type LearnOptions,
  Profile,
  type ProfileOptions,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { storedCheckpoints, visit, weightsOf } from '../../helpers/session/profiles';
import type { TestSession } from '../../helpers/session/session';

beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

const colours = ['red', 'green', 'blue'];
const load = ({ session }: TestSession, more: object = {}) => {
  const options = { session, id2label: { ...colours }, ...more };
  return AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), options);
};
/** Returns a row whose first token determines its class. The other tokens are noise. */
const row = (index: number) => ({
  input_ids: [10 + (index % 3), ...[7, 11, 13].map((factor) => 20 + ((factor * index) % 60))],
  label: index % 3,
});
const rows = (count: number) => Array.from({ length: count }, (_, index) => row(index));
const options: ProfileOptions = {
  peft_config: { r: 16 },
  args: { max_steps: 12, per_device_train_batch_size: 12, learning_rate: 0.1 },
};
const refine: LearnOptions = { method: 'refine' };

/** Creates a profile over the same base and teaches it `count` rows. Returns its weights and its info. */
function learnt(count: number, learn: LearnOptions): Promise<{ weights: Uint8Array; profile: Profile['info'] }> {
  vi.stubGlobal('indexedDB', new IDBFactory());
  return visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(count));
    await profile.learn(learn);
    return { weights: await weightsOf(profile), profile: profile.info };
  });
}

test('a profile solves for its head, trains vectors by contrast without a third, and keeps those that do better on it', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(24));
    const { global_step, metrics } = await profile.learn(refine);
    expect(global_step).toBe(12);
    expect(metrics).toMatchObject({ taken: 1, held_out: 0 });
    expect(metrics.loss_after).toBeLessThan(metrics.loss_before!);
    const [record] = profile.info.history;
    expect(record).toMatchObject({ method: 'refine', examples: 24, steps: 12, taken: true });
    expect(record!.left_out).toEqual([6, 7, 8, 15, 16, 17]);
    expect(await profile.steps(refine)).toBe(12);
    const [instant, trained, halfway] = record!.candidates;
    expect([instant, trained, halfway].map((one) => one!.name)).toEqual(['instant', 'contrast', 'halfway']);
    const lowest = [trained!, halfway!].reduce((low, one) => (one.loss < low.loss ? one : low));
    expect(lowest).toMatchObject({ chosen: true, accuracy: 1 });
    expect(lowest.loss).toBeLessThan(instant!.loss);
    expect(record!.C).toBeGreaterThan(0);
    const told = await Promise.all(rows(12).map(({ input_ids }) => profile.predict({ input_ids })));
    expect(told.map(([best]) => best!.label)).toEqual(rows(12).map(({ label }) => colours[label]));
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    expect(profile.info.history[0]!.candidates.map(({ name }) => name)).toEqual(['instant', 'contrast', 'halfway']);
    expect(profile.info.history[0]!.left_out).toHaveLength(6);
  });
});

test('vectors that are clearly worse on the examples left out aren’t chosen: only the solved head is learnt', async () => {
  const ruined = await learnt(24, { ...refine, args: { learning_rate: 30, lr_scheduler_type: 'constant' } });
  const [record] = ruined.profile.history;
  expect(record).toMatchObject({ held_out: 0, taken: true, steps: 12 });
  expect(record!.candidates.map(({ chosen }) => chosen)).toEqual([true, false, false]);
  expect(ruined.weights).toEqual((await learnt(24, { method: 'instant' })).weights);
});

test('too few examples train nothing', async () => {
  const few = await learnt(6, refine);
  expect(few.profile.history[0]).toMatchObject({
    method: 'refine',
    steps: 0,
    candidates: [],
    left_out: [],
    taken: true,
  });
  expect(few.weights).toEqual((await learnt(6, { method: 'instant' })).weights);
});

test('vectors and head both change, and the same examples give the same bytes', async () => {
  const instant = await learnt(24, { method: 'instant' });
  const refined = await learnt(24, refine);
  expect(refined.weights).not.toEqual(instant.weights);
  expect((await learnt(24, refine)).weights).toEqual(refined.weights);
});

test('vectors that are clearly worse on a fifth of many examples aren’t chosen either', async () => {
  // At this learning rate, training makes the adapter's vectors useless.
  const ruined = await learnt(150, { ...refine, args: { learning_rate: 30, lr_scheduler_type: 'constant' } });
  const [record] = ruined.profile.history;
  const [instant, trained, halfway] = record!.candidates;
  expect(record).toMatchObject({ held_out: 5, taken: true });
  // Every fifth row of each colour (the label) is left out. Rows that are held out aren't counted.
  const held = [109, 119, 129, 139, 149];
  const counts = [0, 0, 0];
  const isLeftOut = (_: unknown, n: number) => !held.includes(n) && ++counts[n % 3]! % 5 === 0;
  expect(record!.left_out).toEqual([...rows(150).keys()].filter(isLeftOut));
  expect(trained!.loss).toBeGreaterThan(instant!.loss);
  expect(halfway!.loss).toBeGreaterThan(instant!.loss);
  expect([instant!.chosen, trained!.chosen, halfway!.chosen]).toEqual([true, false, false]);
  expect(ruined.weights).toEqual((await learnt(150, { method: 'instant' })).weights);
});

test('several labels at once are trained by their own loss', async () => {
  await visit(async (opened) => {
    const base = await load(opened, { problem_type: 'multi_label_classification' });
    const profile = await Profile.open(base, 'ada', options);
    const sets = [['red'], ['green', 'blue'], []];
    await profile.add(rows(12).map(({ input_ids, label }) => ({ input_ids, labels: sets[label]! })));
    const { metrics } = await profile.learn(refine);
    expect(metrics.taken).toBe(1);
    expect(profile.info.history[0]!.candidates.map(({ name }) => name)).toEqual(['instant', 'labels', 'halfway']);
  });
});

test('several labels at once are trained where few examples have the same labels', async () => {
  await visit(async (opened) => {
    const base = await load(opened, { problem_type: 'multi_label_classification' });
    const profile = await Profile.open(base, 'ada', options);
    // Two examples have each of the eight sets of the colours.
    const labels = (index: number) => colours.filter((_, k) => (index >> k) % 2 === 1);
    await profile.add(rows(16).map(({ input_ids }, index) => ({ input_ids, labels: labels(index) })));
    expect(await profile.steps(refine)).toBe(12);
    await profile.learn(refine);
    // The tenth row is held out, because a list beside token ids could be labels of tokens.
    expect(profile.info.history[0]).toMatchObject({ steps: 12, held_out: 1, left_out: [2, 5, 8, 12, 15] });
  });
});

test('two classes are trained by their own loss, and the solved head stays until then', async () => {
  await visit(async (opened) => {
    const base = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/llama'), {
      session: opened.session,
      id2label: { 0: 'ham', 1: 'spam' },
    });
    const profile = await Profile.open(base, 'ada', options);
    await profile.add(rows(12).map(({ input_ids, label }) => ({ input_ids, label: Number(label > 0) })));
    await profile.learn(refine);
    expect(profile.info.history[0]!.candidates.map(({ name }) => name)).toEqual(['instant', 'labels', 'halfway']);
  });
});

describe('a run that is interrupted', () => {
  test('resumes in the next visit to the same bytes', async () => {
    const learn = async (interrupt: boolean) =>
      visit(async (opened) => {
        const profile = await Profile.open(await load(opened), 'ada', options);
        if (profile.info.seen === 0) await profile.add(rows(24));
        if (interrupt) {
          const run = profile.learn({ ...refine, args: { save_steps: 1 } });
          const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
          for await (const { type } of run) if (type === 'save') break;
          await opened.session.close();
          return failed;
        }
        await (profile.learning ?? profile.learn({ ...refine, args: { save_steps: 1 } }));
        expect(await storedCheckpoints()).toEqual([]);
        const [{ at: _at, ...record } = { at: 0 }] = profile.info.history;
        return { record, weights: await weightsOf(profile) };
      });
    const straight = await learn(false);
    vi.stubGlobal('indexedDB', new IDBFactory());
    await learn(true);
    expect(await learn(false)).toEqual(straight);
  });

  test('by its caller leaves everything as it was', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await load(opened), 'ada', options);
      await profile.add(rows(24));
      const before = await weightsOf(profile);
      const controller = new AbortController();
      const run = profile.learn({ ...refine, signal: controller.signal });
      for await (const { type } of run) if (type === 'log') break;
      controller.abort('enough');
      await expect(Promise.resolve(run)).rejects.toBe('enough');
      expect(await weightsOf(profile)).toEqual(before);
      expect(profile.info.history).toEqual([]);
    });
  });

  test('for idle time waits while its page is in use, and resumes by itself', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    await visit(async (opened) => {
      const profile = await Profile.open(await load(opened), 'ada', options);
      await profile.add(rows(24));
      const run = profile.learn({ ...refine, when: 'idle' });
      const told: string[] = [];
      for await (const event of run) if ('reason' in event) told.push(`${event.type} ${event.reason}`);
      expect(told.slice(0, 2)).toEqual(['paused busy', 'resumed busy']);
      expect((await run).metrics.taken).toBe(1);
    });
  });
});

test('rejects a language model, and an objective of the caller’s', async () => {
  await visit(async (opened) => {
    const language = await Profile.open(await loadTiny(opened), 'ada');
    await language.add([{ input_ids: [5, 6, 7, 8] }]);
    await expect(language.learn(refine)).rejects.toMatchObject({ code: 'invalid_argument' });
    const classifier = await Profile.open(await load(opened), 'ben');
    await classifier.add(rows(6));
    for (const method of ['train', 'refine'] as const) {
      const learning = classifier.learn({ method, args: { objective: 'contrast' } });
      await expect(learning).rejects.toMatchObject({
        code: 'invalid_argument',
        message: `profile: args.objective: expected "labels", its default, got 'contrast'`,
      });
    }
  });
});
