import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TrainingArguments } from '../../../src/core/types/training';
import { Trainer, type TrainerInit } from '../../../src/page/training/trainer';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { CAUSAL_LM } from '../../../src/tasks/causal_lm/causal_lm';
import { SEQUENCE_CLASSIFICATION } from '../../../src/tasks/sequence_classification/sequence_classification';
import type { ModelInfo, TrainRequest } from '../../../src/worker/protocol';
import { rows, trainRequest, trains, wrapped } from './scripted_training';

afterEach(() => vi.unstubAllGlobals());

describe('a training run', () => {
  test('fills in every argument', async () => {
    const { model, session, fake } = await wrapped(trains([]));
    await new Trainer({ model, args: { learning_rate: 0.1, shuffle: false }, train_dataset: rows }).train();
    expect(trainRequest(fake).args).toEqual({
      per_device_train_batch_size: 4,
      gradient_accumulation_steps: 1,
      num_train_epochs: 3,
      max_steps: -1,
      learning_rate: 0.1,
      lr_scheduler_type: 'linear',
      warmup_steps: 0,
      warmup_ratio: 0.06,
      weight_decay: 0,
      adam_beta1: 0.9,
      adam_beta2: 0.999,
      adam_epsilon: 1e-8,
      max_grad_norm: 1,
      headLearningRate: null,
      objective: 'labels',
      contrastTemperature: null,
      label_smoothing_factor: 0,
      classWeights: null,
      group_by_length: false,
      gradient_checkpointing: false,
      logging_steps: 1,
      save_strategy: 'steps',
      save_steps: 20,
      eval_strategy: 'no',
      eval_steps: 20,
      load_best_model_at_end: false,
      metric_for_best_model: 'eval_loss',
      greater_is_better: null,
      early_stopping_patience: 0,
      early_stopping_threshold: 0,
      seed: 42,
      max_length: 1024,
      packing: false,
      completion_only_loss: null,
      shuffle: false,
      whenHidden: 'continue',
      keepAwake: false,
      preference: null,
    });
    await session.close();
  });

  // Checkpoints of earlier versions have 0 and 0.06 for the default, so these two numbers must keep meaning it.
  test.each<[string, TrainingArguments, Pick<TrainingArguments, 'warmup_steps' | 'warmup_ratio'>]>([
    ['the usual share', {}, { warmup_steps: 0, warmup_ratio: 0.06 }],
    ['none', { warmup_steps: 0 }, { warmup_steps: 0, warmup_ratio: 0 }],
    ['a share beside 0 steps', { warmup_steps: 0, warmup_ratio: 0.1 }, { warmup_steps: 0, warmup_ratio: 0.1 }],
    ['steps', { warmup_steps: 5 }, { warmup_steps: 5, warmup_ratio: 0.06 }],
    ['a share as in transformers 5', { warmup_steps: 0.1 }, { warmup_steps: 0.1, warmup_ratio: 0.06 }],
  ])('a warm-up of %s', (_, args, expected) => {
    expect(resolveTrainingArguments(args)).toMatchObject(expected);
  });

  test.each<[string, ModelInfo['task'], number]>([
    ['a model that continues texts', CAUSAL_LM.facts, 1e-1],
    ['a classifier', SEQUENCE_CLASSIFICATION.facts, 3e-2],
  ])('learns at a rate that suits %s', async (_, task, learning_rate) => {
    const { model, session, fake } = await wrapped(trains([]), task);
    await new Trainer({ model, train_dataset: rows }).train();
    await new Trainer({ model, args: { learning_rate: 1e-4 }, train_dataset: rows }).train();
    const rates = fake.argsOf('train').map(([, request]) => (request as TrainRequest).args.learning_rate);
    expect(rates).toEqual([learning_rate, 1e-4]);
    await session.close();
  });

  test.each<[string, TrainingArguments, RegExp]>([
    ['a misspelt name', { learning_rat: 1 } as TrainingArguments, /not yet supported argument 'learning_rat'/],
    ['what is not there yet', { fp16: true } as TrainingArguments, /not yet supported argument 'fp16'/],
    ['a strategy without data', { eval_strategy: 'steps' }, /eval_dataset: expected a data set, as eval_strategy is/],
    [
      'a best of no evaluations',
      { load_best_model_at_end: true },
      /load_best_model_at_end: expected an eval_strategy .* beside it, got 'no'$/,
    ],
    ['patience with no evaluations', { early_stopping_patience: 2 }, /early_stopping_patience: expected an eval_str/],
    ['a batch of none', { per_device_train_batch_size: 0 }, /expected an integer from 1, got 0/],
    ['half a batch', { per_device_train_batch_size: 1.5 }, /expected an integer from 1, got 1.5/],
    ['a negative rate', { learning_rate: -1 }, /learning_rate: expected a number from 0, got -1/],
    ['a rate of NaN', { learning_rate: Number.NaN }, /learning_rate: expected a number from 0, got NaN/],
    [
      'a warm-up of one step and a half',
      { warmup_steps: 1.5 },
      /warmup_steps: expected an integer from 0, or a share of all steps below 1, got 1.5/,
    ],
    ['steps of 0', { max_steps: 0 }, /max_steps: expected -1, or an integer from 1, got 0/],
    ['a beta of 1', { adam_beta2: 1 }, /adam_beta2: expected a number from 0, below 1, got 1/],
    ['an unknown strategy', { save_strategy: 'best' as 'no' }, /save_strategy: expected 'no' or 'steps' or 'epoch'/],
    ['no steps between saves', { save_steps: 0 }, /save_steps: expected an integer from 1, got 0/],
    [
      'groups in a given order',
      { group_by_length: true, shuffle: false },
      /shuffle: expected true beside group_by_length/,
    ],
    ['an unknown schedule', { lr_scheduler_type: 'step' as 'linear' }, /lr_scheduler_type: expected 'linear' or/],
  ])('refuses %s when the trainer is created', async (_case, args, message) => {
    const { model, session } = await wrapped();
    const make = (): Trainer => new Trainer({ model, args, train_dataset: rows });
    expect(make).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
    await session.close();
  });

  test.each<[string, TrainingArguments, string]>([
    ['epochs', { epochs: 3 } as TrainingArguments, 'Did you mean num_train_epochs?'],
    ['a Python schedule', { lr_scheduler_type: 'Cosine' as 'cosine' }, "Did you mean 'cosine'?"],
    ['fp16', { fp16: true } as TrainingArguments, 'webvera computes in float32.'],
    ['a rate as text', { learning_rate: '3e-2' as never }, 'Pass the number 0.03, without quotes.'],
    ['steps as text', { max_steps: '8' as never }, 'Pass the number 8, without quotes.'],
    ['a flag as text', { packing: 'true' as never }, 'Pass true, without quotes.'],
    ['no steps', { max_steps: 0 }, 'Leave max_steps out, or pass -1, to train for num_train_epochs.'],
  ])('suggests a name for %s', async (_case, args, hint) => {
    const { model, session } = await wrapped();
    const make = (): Trainer => new Trainer({ model, args, train_dataset: rows });
    expect(make).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no model', { train_dataset: rows }, /model: expected a model with adapters, got undefined/],
    ['a model that is none', { model: {}, train_dataset: rows }, /model: expected a model with adapters/],
    ['an option of another library', { train_dataset: rows, tokenizer: {} }, /not yet supported argument 'tokenizer'/],
  ])('refuses %s', (_case, init, message) => {
    expect(() => new Trainer(init as TrainerInit)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });
});
