import { planSteps } from '../../../core/numbers/step_plan';
import { isPreferred } from '../../../core/preferences/preference_fields';
import type { SentExample, TrainingArguments } from '../../../core/types/training';
import { DPOTrainer } from '../../training/dpo_trainer';
import { KTOTrainer } from '../../training/kto_trainer';
import { type KTOConfig, preferenceArguments } from '../../training/preference_arguments';
import { Trainer, type TrainerInit } from '../../training/trainer';
import { resolveTrainingArguments } from '../../training/training_arguments';
import { isPair } from '../feedback/feedback';
import type { LearnArguments } from '../storage/record';
import { LEARN_KINDS, type LearnKind } from '../types';
import { counts } from './judged_weights';
import type { AskedRun } from './learn_method';

/** The plan to train one phase: its number of steps, and how to create its trainer. */
interface PhasePlan {
  readonly steps: number;
  trainer(init: Omit<TrainerInit, 'args'>): Trainer;
}

/** A run's data of one kind, and the plan to train on this data. */
export interface Phase {
  readonly kind: LearnKind;
  readonly learnt: readonly SentExample[];
  /** The held-out examples, except those with a weight of 0. */
  readonly held: readonly SentExample[];
  readonly plan: PhasePlan;
}

/**
 * If the arguments set neither steps nor epochs, a run with few examples repeats them until it has this many steps. In docs/RESULTS.md,
 * that many steps were enough to train a classifier.
 */
const ENOUGH_STEPS = 60;
/** The largest number of epochs to reach `ENOUGH_STEPS`. With more epochs, models forget more than they learn. */
const MOST_EPOCHS = 16;
/** The largest weight of the rarer kind of ratings, good or bad. */
const MOST_WEIGHT = 4;
/** The smallest batch of ratings. KTO estimates the divergence from the base model over the texts of a batch, so it needs at least two. */
const LEAST_RATINGS = 2;

/**
 * Returns the phases of a run, one for each kind of data in it. The phases share `max_steps` in proportion to their numbers of examples.
 */
export function phasesOf(
  { learnt, held, args, preferences, ratings }: Omit<AskedRun, 'learnt_places' | 'held_places'>,
  kinds: readonly LearnKind[] = LEARN_KINDS,
): Phase[] {
  const given = { args, preferences: withoutUsualSteps(preferences), ratings: withoutUsualSteps(ratings) };
  const ofKind = (examples: readonly SentExample[], kind: LearnKind): readonly SentExample[] =>
    examples.filter((example) => kindOf(example) === kind);
  const present = kinds
    .map((kind) => ({ kind, learnt: ofKind(learnt, kind), held: ofKind(held, kind).filter(counts) }))
    .filter((one) => one.learnt.length > 0);
  const { max_steps = -1 } = args;
  const sharing = max_steps > 0 ? present.filter(({ kind }) => !hasOwnLength(given, kind)) : [];
  const shares = sharedSteps(
    max_steps,
    sharing.map((one) => one.learnt.length),
  );
  return present.map((one) => ({ ...one, plan: planOf(one, given, shares[sharing.indexOf(one)]) }));
}

function kindOf(example: SentExample): LearnKind {
  if (!isPreferred(example)) return 'examples';
  return isPair(example) ? 'preferences' : 'ratings';
}

/** Divides `steps` in proportion to `counts`. If there are enough steps, each count gets at least one. */
export function sharedSteps(steps: number, counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const rest = Math.max(0, steps - counts.length);
  let seen = 0;
  let given = 0;
  return counts.map((count, index) => {
    seen += count;
    const share = Math.round((rest * seen) / total) - given;
    given += share;
    return share + Number(index < steps);
  });
}

/** Whether the arguments for this kind of data alone (`preferences` or `ratings`) set the number of steps or epochs of its phase. */
function hasOwnLength(given: LearnArguments, kind: LearnKind): boolean {
  return kind !== 'examples' && (given[kind].max_steps ?? given[kind].num_train_epochs) !== undefined;
}

/**
 * Plans one phase. `share`: the phase's share of the run's `max_steps`; undefined if the run has no `max_steps`, or if the phase's own
 * arguments set its length.
 */
function planOf(
  { kind, learnt }: Pick<Phase, 'kind' | 'learnt'>,
  given: LearnArguments,
  share: number | undefined,
): PhasePlan {
  const { max_steps, ...others } = given.args;
  const usual = hasOwnLength(given, kind) ? others : given.args;
  const args = share === undefined ? usual : { ...others, max_steps: Math.max(1, share) };
  const steps = (own: LengthArguments): number =>
    share === 0 ? 0 : planSteps(learnt.length, resolveTrainingArguments(stepArguments(own))).maxSteps;
  switch (kind) {
    case 'examples': {
      const own = trainArguments(args, learnt.length);
      return { steps: steps(own), trainer: (init) => new Trainer({ ...init, args: own }) };
    }
    case 'preferences': {
      const own = trainArguments({ ...preferenceArguments(args), ...given.preferences }, learnt.length);
      return { steps: steps(own), trainer: (init) => new DPOTrainer({ ...init, args: own }) };
    }
    case 'ratings': {
      const own = ratingArguments(args, given.ratings, learnt);
      return { steps: steps(own), trainer: (init) => new KTOTrainer({ ...init, args: own }) };
    }
  }
}

type LengthArguments = Pick<
  TrainingArguments,
  'per_device_train_batch_size' | 'gradient_accumulation_steps' | 'num_train_epochs' | 'max_steps'
>;
const STEP_ARGUMENTS: readonly (keyof LengthArguments)[] = [
  'per_device_train_batch_size',
  'gradient_accumulation_steps',
  'num_train_epochs',
  'max_steps',
];

function stepArguments(args: LengthArguments): LengthArguments {
  return Object.fromEntries(STEP_ARGUMENTS.map((name) => [name, args[name]]));
}

/** Returns the given arguments, without a `max_steps` of −1: that is its default, and sets no number of steps. */
export function withoutUsualSteps<A extends LengthArguments>(given: A): A {
  const { max_steps, ...others } = given;
  return max_steps === -1 ? (others as A) : given;
}

/** Returns the given arguments. If they set neither steps nor epochs, adds a number of epochs that repeats few examples more often. */
export function trainArguments<A extends LengthArguments>(given: A, examples: number): A {
  const { max_steps, num_train_epochs } = withoutUsualSteps(given);
  if (max_steps !== undefined || num_train_epochs !== undefined) return given;
  const resolved = resolveTrainingArguments(stepArguments(given));
  const { stepsPerEpoch } = planSteps(examples, resolved);
  const repeats = Math.min(MOST_EPOCHS, Math.ceil(ENOUGH_STEPS / stepsPerEpoch));
  return { ...given, num_train_epochs: Math.max(resolved.num_train_epochs, repeats) };
}

function ratingArguments(given: TrainingArguments, own: KTOConfig, ratings: readonly SentExample[]): KTOConfig {
  const { per_device_train_batch_size: size, ...others } = preferenceArguments(given);
  const batch = size === undefined ? {} : { per_device_train_batch_size: Math.max(LEAST_RATINGS, size) };
  const isWeighted = own.desirable_weight !== undefined || own.undesirable_weight !== undefined;
  const weights = isWeighted ? {} : balancedWeights(ratings);
  return trainArguments({ ...others, ...batch, ...weights, ...own }, ratings.length);
}

/**
 * Returns weights with which all good ratings count as much as all bad ones, except that the weight of the rarer kind is at most
 * `MOST_WEIGHT`.
 */
export function balancedWeights(
  ratings: readonly SentExample[],
): Pick<KTOConfig, 'desirable_weight' | 'undesirable_weight'> {
  const good = ratings.filter((example) => 'label' in example && example.label === true).length;
  const bad = ratings.length - good;
  if (good === 0 || bad === 0) return {};
  const weight = Math.min(MOST_WEIGHT, Math.max(good, bad) / Math.min(good, bad));
  return good < bad ? { desirable_weight: weight } : { undesirable_weight: weight };
}
