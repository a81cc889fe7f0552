import type { ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
import {
  anyBoolean,
  anyString,
  checkOptions,
  either,
  hinted,
  integer,
  isObject,
  number,
  oneOf,
  positive,
  type Rules,
  wrong,
} from '../session/options';

const defaults: ResolvedTrainingArguments = {
  per_device_train_batch_size: 4,
  gradient_accumulation_steps: 1,
  num_train_epochs: 3,
  max_steps: -1,
  learning_rate: 3e-2,
  headLearningRate: null,
  lr_scheduler_type: 'linear',
  warmup_steps: 0,
  warmup_ratio: 0.06,
  weight_decay: 0,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  max_grad_norm: 1,
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
  shuffle: true,
  whenHidden: 'continue',
  keepAwake: false,
};

const NO_STEPS = 'Leave max_steps out, or pass -1, to train for num_train_epochs.';

const rules: Rules<TrainingArguments> = {
  per_device_train_batch_size: integer(1),
  gradient_accumulation_steps: integer(1),
  num_train_epochs: positive,
  max_steps: hinted(either(oneOf(-1), integer(1)), (value) => (value === 0 ? NO_STEPS : undefined)),
  learning_rate: number(0),
  headLearningRate: number(0),
  lr_scheduler_type: oneOf('linear', 'cosine', 'constant', 'constant_with_warmup'),
  warmup_steps: integer(0),
  warmup_ratio: number(0, 1),
  weight_decay: number(0),
  adam_beta1: number(0, 1),
  adam_beta2: number(0, 1),
  adam_epsilon: number(0),
  max_grad_norm: number(0),
  label_smoothing_factor: number(0, 1),
  classWeights: {
    expected: "'balanced', or a number above 0 for each label, such as { spam: 5 }",
    accepts: (value) =>
      value === 'balanced' ||
      (isObject(value) && !Array.isArray(value) && Object.values(value).every((weight) => positive.accepts(weight))),
  },
  group_by_length: anyBoolean,
  gradient_checkpointing: anyBoolean,
  logging_steps: integer(1),
  save_strategy: oneOf('no', 'steps', 'epoch'),
  save_steps: integer(1),
  eval_strategy: oneOf('no', 'steps', 'epoch'),
  eval_steps: integer(1),
  load_best_model_at_end: anyBoolean,
  metric_for_best_model: anyString,
  greater_is_better: anyBoolean,
  early_stopping_patience: integer(0),
  early_stopping_threshold: number(0),
  seed: integer(0),
  max_length: integer(2),
  packing: anyBoolean,
  completion_only_loss: anyBoolean,
  shuffle: anyBoolean,
  whenHidden: oneOf('continue', 'pause'),
  keepAwake: anyBoolean,
};

/** Returns every argument with its value. Throws `invalid_argument` for unknown names and invalid values. */
export function resolveTrainingArguments(args: TrainingArguments = {}): ResolvedTrainingArguments {
  checkOptions('TrainingArguments', args, rules);
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  const resolved: ResolvedTrainingArguments = { ...defaults, ...Object.fromEntries(given) };
  for (const name of ['adam_beta1', 'adam_beta2'] as const) {
    if (resolved[name] === 1) throw wrong(`TrainingArguments: ${name}`, 'a number from 0, below 1', 1);
  }
  if (resolved.headLearningRate !== null && resolved.learning_rate === 0) {
    throw wrong('TrainingArguments: learning_rate', 'a number above 0, of which headLearningRate is a share', 0);
  }
  if (resolved.group_by_length && !resolved.shuffle) {
    const hint = 'Groups are made of shuffled examples: leave shuffle out, or sort the examples yourself.';
    throw wrong('TrainingArguments: shuffle', 'true beside group_by_length', false, hint);
  }
  return Object.freeze(resolved);
}
