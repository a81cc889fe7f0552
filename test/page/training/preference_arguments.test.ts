import { expect, test } from 'vitest';
import {
  type DPOConfig,
  type KTOConfig,
  preferenceArguments,
  resolveDpoArguments,
  resolveKtoArguments,
} from '../../../src/page/training/preference_arguments';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

test("the defaults are TRL's, beside those of any run", () => {
  const usual = { ...resolveTrainingArguments(), learning_rate: expect.any(Number) };
  const dpo = { kind: 'dpo', beta: 0.1, loss_type: 'sigmoid', label_smoothing: 0 };
  expect(resolveDpoArguments()).toEqual({ ...usual, preference: dpo });
  const kto = { kind: 'kto', beta: 0.1, desirable_weight: 1, undesirable_weight: 1 };
  expect(resolveKtoArguments()).toEqual({ ...usual, preference: kto });
});

test.each([resolveDpoArguments, resolveKtoArguments])('the default rate is 0.18 of the usual one: %o', (resolve) => {
  expect(resolve({}, { learning_rate: 0.1 }).learning_rate).toBeCloseTo(0.018);
  expect(resolve().learning_rate).toBeCloseTo(0.18 * resolveTrainingArguments().learning_rate);
  expect(resolve({ learning_rate: 0.1 }, { learning_rate: 0.3 }).learning_rate).toBe(0.1);
});

test('modules that train whole may have a rate of their own', () => {
  expect(resolveDpoArguments({ headLearningRate: 4e-3 }).headLearningRate).toBe(4e-3);
  expect(resolveKtoArguments({ headLearningRate: 4e-3 }).headLearningRate).toBe(4e-3);
});

test("of a profile's arguments those with an effect are taken, at 0.18 of the rate", () => {
  const args = preferenceArguments({ learning_rate: 0.1, headLearningRate: 0.01, max_steps: 4, packing: true });
  expect(args).toEqual({ learning_rate: expect.closeTo(0.018), max_steps: 4 });
  expect(preferenceArguments({ max_length: 32 })).toEqual({ max_length: 32 });
});

test('what is given is taken, and the defaults of the model', () => {
  const robust = { beta: 0.5, loss_type: 'robust', label_smoothing: 0.1 } as const;
  const args = resolveDpoArguments({ ...robust, max_steps: 4 }, { weight_decay: 0.07 });
  expect(args).toMatchObject({ max_steps: 4, weight_decay: 0.07, preference: robust });
  const weights = { desirable_weight: 0, undesirable_weight: 2.5 };
  expect(resolveKtoArguments(weights).preference).toMatchObject(weights);
});

test.each<[DPOConfig, string]>([
  [{ beta: 0 }, 'DPOConfig: beta: expected a number above 0, got 0'],
  [{ loss_type: 'exo_pair' as never }, "loss_type: expected 'sigmoid' or 'robust' or 'ipo' or 'hinge'"],
  [{ label_smoothing: 0.1 }, "label_smoothing: expected none beside loss_type: 'sigmoid', got 0.1"],
  [{ loss_type: 'robust', label_smoothing: 0.5 }, 'label_smoothing: expected a number from 0, below 0.5, got 0.5'],
  [{ packing: true } as DPOConfig, 'DPOConfig: packing: expected to be left out, got true'],
  [{ label_smoothing_factor: 0.1 } as DPOConfig, 'label_smoothing_factor: expected to be left out, got 0.1'],
  [{ objective: 'labels' } as DPOConfig, 'objective: expected to be left out'],
  [{ desirable_weight: 1 } as DPOConfig, "unknown or not yet supported argument 'desirable_weight'"],
  [{ max_steps: 0 }, 'TrainingArguments: max_steps'],
])('pairs: %j is refused', (args, message) => {
  expect(() => resolveDpoArguments(args)).toThrow(
    expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(message) }),
  );
});

test.each<[KTOConfig, string]>([
  [{ beta: -1 }, 'KTOConfig: beta: expected a number above 0, got -1'],
  [{ undesirable_weight: -0.5 }, 'undesirable_weight: expected a number from 0'],
  [{ per_device_train_batch_size: 1 }, 'per_device_train_batch_size: expected an integer from 2, got 1'],
  [{ completion_only_loss: false } as KTOConfig, 'KTOConfig: completion_only_loss: expected to be left out, got false'],
])('ratings: %j is refused', (args, message) => {
  expect(() => resolveKtoArguments(args)).toThrow(
    expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(message) }),
  );
});
