import { fitsFloat32, MOST_FLOAT32 } from '../../core/input/float32_range';
import { USUAL } from '../../core/numbers/usual_arguments';
import type { ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
import { checkOptions, copied, type Rules, wrong } from '../session/options';
import * as rule from '../session/rules';
import { isObject, type Rule } from '../session/rules';

const BATCH = 'It is the number of examples in a batch, such as 4.';
const NO_STEPS = 'Leave max_steps out, or pass -1, to train for num_train_epochs.';

const labelWeights: Rule = {
  expected: "'balanced', or a number above 0 for each label, such as { spam: 5 }",
  accepts: (value) =>
    value === 'balanced' || (isObject(value) && !Array.isArray(value) && Object.values(value).every(isWeight)),
  hint: (value) => {
    const weights = isObject(value) ? Object.entries(value) : [];
    const [large] = weights.filter(([, weight]) => rule.positive.accepts(weight) && !isWeight(weight));
    return large && `The weight of ${JSON.stringify(large[0])} is above ${MOST_FLOAT32}, and too large for float32.`;
  },
};

function isWeight(value: unknown): boolean {
  return rule.positive.accepts(value) && fitsFloat32(Number(value));
}

type Defaults = ResolvedTrainingArguments;

/** Each argument's default and its rule. */
const table: { readonly [Name in Exclude<keyof Defaults, 'preference'>]: readonly [Defaults[Name], Rule] } = {
  per_device_train_batch_size: [USUAL.per_device_train_batch_size, rule.hinted(rule.integer(1), () => BATCH)],
  gradient_accumulation_steps: [1, rule.integer(1)],
  num_train_epochs: [3, rule.positive],
  max_steps: [
    -1,
    rule.hinted(rule.either(rule.oneOf(-1), rule.integer(1)), (value) => (value === 0 ? NO_STEPS : undefined)),
  ],
  learning_rate: [3e-2, rule.number(0)],
  headLearningRate: [null, rule.number(0)],
  lr_scheduler_type: ['linear', rule.oneOf('linear', 'cosine', 'constant', 'constant_with_warmup')],
  warmup_steps: [0, rule.either(rule.integer(0), { ...rule.number(0, 1), expected: 'a share of all steps below 1' })],
  warmup_ratio: [0.06, rule.number(0, 1)],
  weight_decay: [0, rule.number(0)],
  adam_beta1: [0.9, rule.number(0, 1)],
  adam_beta2: [0.999, rule.number(0, 1)],
  adam_epsilon: [1e-8, rule.number(0)],
  max_grad_norm: [1, rule.number(0)],
  objective: ['labels', rule.oneOf('labels', 'contrast')],
  contrastTemperature: [null, rule.positive],
  label_smoothing_factor: [0, rule.number(0, 1)],
  classWeights: [null, labelWeights],
  group_by_length: [false, rule.anyBoolean],
  gradient_checkpointing: [false, rule.anyBoolean],
  logging_steps: [1, rule.integer(1)],
  save_strategy: ['steps', rule.oneOf('no', 'steps', 'epoch')],
  save_steps: [20, rule.integer(1)],
  eval_strategy: ['no', rule.oneOf('no', 'steps', 'epoch')],
  eval_steps: [20, rule.integer(1)],
  load_best_model_at_end: [false, rule.anyBoolean],
  metric_for_best_model: ['eval_loss', rule.anyString],
  greater_is_better: [null, rule.anyBoolean],
  early_stopping_patience: [0, rule.integer(0)],
  early_stopping_threshold: [0, rule.number(0)],
  seed: [42, rule.integer(0)],
  max_length: [USUAL.max_length, rule.integer(2)],
  packing: [false, rule.anyBoolean],
  completion_only_loss: [null, rule.anyBoolean],
  shuffle: [true, rule.anyBoolean],
  whenHidden: ['continue', rule.oneOf('continue', 'pause')],
  keepAwake: [false, rule.anyBoolean],
};

const defaults: Defaults = { ...(column(0) as unknown as Defaults), preference: null };
const rules = column(1) as Rules<TrainingArguments>;

function column<At extends 0 | 1>(at: At): Readonly<Record<string, (readonly [unknown, Rule])[At]>> {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, entry[at]]));
}

/**
 * Returns all arguments with their values, defaults included. `ofModel`: the model's own defaults, which override those of `table`. Throws
 * `invalid_argument` for unknown names and invalid values.
 */
export function resolveTrainingArguments(
  args: TrainingArguments = {},
  ofModel: Partial<ResolvedTrainingArguments> = {},
): ResolvedTrainingArguments {
  checkOptions('TrainingArguments', args, rules);
  const given = Object.entries(copied(args)).filter(([, value]) => value !== undefined);
  // If `warmup_ratio` is given too, `warmup_steps: 0` leaves the warm-up to it. A caller who passes `warmup_steps: 0` alone wants no
  // warm-up, so the default ratio is replaced by 0.
  const unwarmed = args.warmup_steps === 0 ? { warmup_ratio: 0 } : {};
  const resolved: ResolvedTrainingArguments = { ...defaults, ...ofModel, ...unwarmed, ...Object.fromEntries(given) };
  for (const name of ['adam_beta1', 'adam_beta2'] as const) {
    if (resolved[name] === 1) {
      throw wrong(`TrainingArguments: ${name}`, 'a number from 0, below 1', 1, `The usual one is ${defaults[name]}.`);
    }
  }
  if (resolved.headLearningRate !== null && resolved.learning_rate === 0) {
    throw wrong('TrainingArguments: learning_rate', 'a number above 0, of which headLearningRate is a share', 0);
  }
  if (resolved.group_by_length && !resolved.shuffle) {
    const hint = 'Groups are made of shuffled examples: leave shuffle out, or sort the examples yourself.';
    throw wrong('TrainingArguments: shuffle', 'true beside group_by_length', false, hint);
  }
  return Object.freeze(withObjective(resolved));
}

/** The default temperature of the objective 'contrast'. */
const CONTRAST_TEMPERATURE = 0.1;
/** The smallest batch with the objective 'contrast': two pairs of rows, so that a batch can have rows of two classes. */
const LEAST_ROWS_TO_CONTRAST = 4;
const PAIRS = 'A batch consists of pairs of one class, and compares them with pairs of other classes.';

/** Resolves the arguments that depend on the objective. Throws `invalid_argument` for arguments that have no effect with it. */
function withObjective(args: ResolvedTrainingArguments): ResolvedTrainingArguments {
  const { objective, contrastTemperature, per_device_train_batch_size: size } = args;
  if (objective === 'labels') {
    if (contrastTemperature === null) return args;
    const name = 'TrainingArguments: contrastTemperature';
    throw wrong(name, "none beside objective: 'labels'", contrastTemperature, "Pass objective: 'contrast' too.");
  }
  const unused: Partial<ResolvedTrainingArguments> = {
    headLearningRate: null,
    label_smoothing_factor: 0,
    group_by_length: false,
  };
  for (const [name, value] of Object.entries(unused)) {
    const given = args[name as keyof typeof unused];
    const expected = `${value === null ? 'none' : value} beside objective: 'contrast'`;
    if (given !== value) throw wrong(`TrainingArguments: ${name}`, expected, given, NO_HEAD[name]);
  }
  if (size < LEAST_ROWS_TO_CONTRAST || size % 2 !== 0) {
    const expected = `an even number from ${LEAST_ROWS_TO_CONTRAST} beside objective: 'contrast'`;
    throw wrong('TrainingArguments: per_device_train_batch_size', expected, size, PAIRS);
  }
  return { ...args, contrastTemperature: contrastTemperature ?? CONTRAST_TEMPERATURE };
}

const NO_HEAD: Readonly<Record<string, string>> = {
  headLearningRate: "The head doesn't train: the vectors that it reads do.",
  label_smoothing_factor: 'The loss compares vectors, and predicts no labels.',
  group_by_length: PAIRS,
};
