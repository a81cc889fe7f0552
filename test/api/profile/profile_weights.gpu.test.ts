import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  AutoModelForSequenceClassification,
  type Example,
  type LabelScore,
  Profile,
  type TrainingArguments,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { goldenDpo, loadTexts } from '../../helpers/golden/golden_preferences';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { profileOptions, visit } from '../../helpers/session/profiles';

beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

describe('a lesson is judged by the weights that it is learnt with', () => {
  // All rows begin alike but end in two ways, so a run that learns the first ones makes the others less likely.
  const rowsOf = (next: number, count: number): Example[] =>
    Array.from({ length: count }, () => ({ input_ids: [5, 6, 7, next], labels: [-100, -100, -100, next] }));
  const [heard, others] = [rowsOf(8, 12), rowsOf(9, 80)];
  const weighted = (weight: number): Example[] => [...heard, ...others.map((row) => ({ ...row, weight }) as Example)];
  const learn = (examples: readonly Example[], more: TrainingArguments = {}) =>
    visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), crypto.randomUUID(), profileOptions);
      await profile.add(examples);
      await profile.learn({ args: { max_steps: 30, per_device_train_batch_size: 4, ...more } });
      return profile.info.history[0]!;
    });

  test('examples with a weight of 0 do not refuse it', async () => {
    const { taken, phases, loss_before, loss_after } = await learn(weighted(0), { max_steps: 60, learning_rate: 0.2 });
    expect(taken).toBe(true);
    expect(loss_after).toBeLessThan(loss_before);
    expect(phases).toMatchObject([{ examples: 83, held_out: 1 }]);
    const alone = await learn(heard);
    expect(alone.held_out).toBe(1);
    expect(loss_before).toBeCloseTo(alone.loss_before, 4);
  });

  test('if no example counts, nothing is worse', async () => {
    const muted = heard.slice(0, 4).map((row) => ({ ...row, weight: 0 }) as Example);
    const record = await learn(muted, { max_steps: 1 });
    expect(record).toMatchObject({ taken: true, loss_before: 0, loss_after: 0, examples: 4 });
  });

  test('other weights are factors of the losses', async () => {
    const [one, half] = [await learn(weighted(1), { max_steps: 1 }), await learn(weighted(0.5), { max_steps: 1 })];
    expect(one.held_out).toBe(9);
    // The first of the nine held-out rows has a weight of 1 in both runs.
    const first = (await learn(heard, { max_steps: 1 })).loss_before;
    expect(9 * half.loss_before).toBeCloseTo(first + (9 * one.loss_before - first) / 2, 3);
  });

  test('weights of preferences are factors, too', async () => {
    const [first, second] = goldenDpo.examples as readonly Example[];
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTexts(opened), 'ada', profileOptions);
      await profile.add([{ ...first!, weight: 3 } as Example, second!]);
      await profile.learn({ args: { max_steps: 1 } });
      // A new adapter doesn't change the base model's results yet, so each pair's loss is ln 2.
      expect(profile.info.history[0]!.loss_before).toBeCloseTo(((3 + 1) / 2) * Math.LN2, 5);
    });
  });
});

describe('a lesson with classWeights', () => {
  const names = ['red', 'green', 'blue'];
  const rows = [...Array.from({ length: 36 }, () => 'red'), ...Array.from({ length: 6 }, () => 'green')].map(
    (label, index) => ({ input_ids: [10, 20 + (index % 4), 40, 50], label }),
  );
  const scoreOf = (told: readonly LabelScore[], name: string): number =>
    told.find(({ label }) => label === name)!.score;

  test.each<[NonNullable<TrainingArguments['classWeights']>, readonly [number, number]]>([
    ['balanced', [42 / (2 * 36), 42 / (2 * 6)]],
    [{ red: 0.01, green: 10 }, [0.01, 10]],
  ])('%j is judged by these weights of all examples to learn from', async (classWeights, weights) => {
    await visit(async ({ session }) => {
      const base = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), {
        session,
        id2label: { ...names },
      });
      const args = { max_steps: 20, per_device_train_batch_size: 14, learning_rate: 0.05, headLearningRate: 0.05 };
      const profile = await Profile.open(base, 'ada', { peft_config: { r: 8 }, args: { ...args, classWeights } });
      await profile.add(rows);
      const losses = await Promise.all(
        rows.map(async ({ input_ids, label }) => {
          const weight = weights[names.indexOf(label)]!;
          return -weight * Math.log(scoreOf(await profile.predict({ input_ids }), label));
        }),
      );
      const { metrics } = await profile.learn();
      expect(metrics.held_out).toBe(0);
      expect(metrics.loss_before).toBeCloseTo(losses.reduce((sum, loss) => sum + loss) / rows.length, 4);
      expect(metrics.loss_after).toBeLessThan(metrics.loss_before!);
      expect(metrics.taken).toBe(1);
    });
  });
});
