import type { DpoLossType } from '../../core/preferences/preference';
import type { ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
import { checkOptions, type Rules, wrong } from '../session/options';
import * as rule from '../session/rules';
import { resolveTrainingArguments } from './training_arguments';

/** The training arguments that `DPOTrainer` and `KTOTrainer` share with `Trainer`. */
export interface PreferenceArguments
  extends Omit<
    TrainingArguments,
    'objective' | 'contrastTemperature' | 'label_smoothing_factor' | 'classWeights' | 'packing' | 'completion_only_loss'
  > {
  /** Default: 0.18 times the default of `Trainer`, at which a model forgets more than it learns from preferences. */
  learning_rate?: number;
}

/**
 * The learning rate for preferences and ratings, as a share of the rate for examples. At the full rate, the bundled model forgets more than
 * it learns. At this share of it, the perplexity of another text rises by less than a tenth (docs/RESULTS.md).
 */
const SHARE_OF_RATE = 0.18;

/** Arguments that have no effect on a run that learns from preferences, each with the reason. */
const UNUSED: Readonly<Record<Exclude<keyof TrainingArguments, keyof PreferenceArguments>, string>> = {
  objective: 'The trainer decides it.',
  contrastTemperature: 'Texts are compared, not vectors.',
  label_smoothing_factor: "DPOTrainer has label_smoothing, for loss_type: 'robust'.",
  classWeights: 'Texts have no classes.',
  packing: 'Each pair of texts has rows of its own.',
  completion_only_loss: 'Prompts are never learnt.',
};

/**
 * Converts a profile's arguments to those of a run that learns from preferences: lowers the learning rate, and drops arguments without an
 * effect. `headLearningRate` is dropped, because profiles over language models train no head.
 */
export function preferenceArguments({ headLearningRate, ...args }: TrainingArguments): PreferenceArguments {
  const used = Object.fromEntries(Object.entries(args).filter(([name]) => !Object.hasOwn(UNUSED, name)));
  const { learning_rate } = args;
  return learning_rate === undefined ? used : { ...used, learning_rate: SHARE_OF_RATE * learning_rate };
}

/** The arguments of `DPOTrainer`, with TRL's names and meanings. */
export interface DPOConfig extends PreferenceArguments {
  /**
   * A number above 0. Default: 0.1. The higher it is, the nearer the model stays to its base. With 'ipo' it is the τ of that loss, which
   * pulls the margin per token towards 1 / (2·beta).
   */
  beta?: number;
  /**
   * Default: 'sigmoid', the loss of DPO. 'robust' expects that some pairs are swapped by mistake. 'ipo' pulls the margin per token towards
   * a fixed value, so the margin doesn't grow without limit. 'hinge' ignores pairs whose margin is large enough.
   */
  loss_type?: DpoLossType;
  /**
   * With 'robust', the probability that a pair is swapped by mistake: a number from 0, below 0.5. Default: 0; 0.1 is usual. With other
   * losses, a number above 0 is rejected.
   */
  label_smoothing?: number;
}

/** The arguments of `KTOTrainer`, with TRL's names and meanings. `per_device_train_batch_size` must be 2 or more. */
export interface KTOConfig extends PreferenceArguments {
  /** A number above 0. Default: 0.1. The higher it is, the nearer the model stays to its base. */
  beta?: number;
  /** The factor of the losses of texts that are rated good: a number from 0. Default: 1. */
  desirable_weight?: number;
  /**
   * The factor of the losses of texts that are rated bad: a number from 0. Default: 1. A higher factor for the rarer kind balances the two
   * kinds.
   */
  undesirable_weight?: number;
}

type Given = Readonly<Record<string, unknown>> | undefined;

const dpoRules: Rules<Required<Pick<DPOConfig, 'beta' | 'loss_type' | 'label_smoothing'>>> = {
  beta: rule.positive,
  loss_type: rule.oneOf('sigmoid', 'robust', 'ipo', 'hinge'),
  label_smoothing: rule.number(0, 0.5),
};

/**
 * Returns all arguments with their values, defaults included. Throws `invalid_argument` for unknown names, invalid values, and arguments
 * without an effect.
 */
export function resolveDpoArguments(
  given: DPOConfig = {},
  ofModel: Partial<ResolvedTrainingArguments> = {},
): ResolvedTrainingArguments {
  const { beta, loss_type, label_smoothing, ...others } = given;
  checkOptions('DPOConfig', { beta, loss_type, label_smoothing }, dpoRules);
  const own = { beta: beta ?? 0.1, loss_type: loss_type ?? 'sigmoid', label_smoothing: label_smoothing ?? 0 };
  if (own.label_smoothing === 0.5) throw wrong('DPOConfig: label_smoothing', 'a number from 0, below 0.5', 0.5);
  if (own.label_smoothing > 0 && own.loss_type !== 'robust') {
    const hint = "Pass loss_type: 'robust', whose loss allows for pairs that are the wrong way round.";
    throw wrong('DPOConfig: label_smoothing', `none beside loss_type: '${own.loss_type}'`, label_smoothing, hint);
  }
  const preference = { kind: 'dpo', ...own } as const;
  return Object.freeze({ ...resolved('DPOConfig', others, ofModel), preference });
}

const ktoRules: Rules<Required<Pick<KTOConfig, 'beta' | 'desirable_weight' | 'undesirable_weight'>>> = {
  beta: rule.positive,
  desirable_weight: rule.number(0),
  undesirable_weight: rule.number(0),
};

/** As `resolveDpoArguments`, for KTO. */
export function resolveKtoArguments(
  given: KTOConfig = {},
  ofModel: Partial<ResolvedTrainingArguments> = {},
): ResolvedTrainingArguments {
  const { beta, desirable_weight, undesirable_weight, ...others } = given;
  checkOptions('KTOConfig', { beta, desirable_weight, undesirable_weight }, ktoRules);
  const args = resolved('KTOConfig', others, ofModel);
  const { per_device_train_batch_size: size } = args;
  if (size < 2) {
    const hint = 'The texts of a batch estimate together how far the model is from its base.';
    throw wrong('KTOConfig: per_device_train_batch_size', 'an integer from 2', size, hint);
  }
  const weights = { desirable_weight: desirable_weight ?? 1, undesirable_weight: undesirable_weight ?? 1 };
  return Object.freeze({ ...args, preference: { kind: 'kto', beta: beta ?? 0.1, ...weights } as const });
}

function resolved(
  what: string,
  others: PreferenceArguments,
  ofModel: Partial<ResolvedTrainingArguments>,
): ResolvedTrainingArguments {
  for (const [name, why] of Object.entries(UNUSED)) {
    const value = (others as Given)?.[name];
    if (value !== undefined) throw wrong(`${what}: ${name}`, 'to be left out', value, why);
  }
  const { learning_rate } = resolveTrainingArguments({}, ofModel);
  return resolveTrainingArguments(others, { ...ofModel, learning_rate: SHARE_OF_RATE * learning_rate });
}
