import type { HeadFit } from '../../../core/types/prediction';
import type { TrainingArguments, TrainOutput } from '../../../core/types/training';
import { fitHeadWith } from '../../adapters/fit_head';
import { partsKey } from '../../models/remote_model';
import { wrong } from '../../session/options';
import type { Trial } from '../examples/left_out';
import type { ProfileHost } from '../host';
import type { LearnCandidate, LearnMethod } from '../types';
import type { Improvement, LearnContext, LearningCopy } from './learn_method';

/** Throws `invalid_argument` for a base model without a head that can be solved for. */
export function expectSolvable({ base }: ProfileHost, method: LearnMethod): void {
  const { hasNamedLabels, labels, name } = base[partsKey].info.task;
  if (hasNamedLabels && labels === 'of rows') return;
  const hint = 'Other models learn by the method train.';
  throw wrong(`learn: method '${method}'`, 'a classifier of whole texts or images', name, hint);
}

interface Solving {
  /** Default: the examples to learn from, and those held out. */
  readonly on?: Pick<Trial, 'learnt' | 'judges'> | undefined;
  /** A head whose strength and scale are taken over. Default: cross-validation chooses both. */
  readonly as?: Pick<HeadFit, 'C' | 'scale'> | undefined;
  /** Whether the profile stores the features, because another session may need them. Default: true. */
  readonly keepsFeatures?: boolean;
}

/** Solves for the last layer of the copy's head over its current vectors, and judges it on other examples. */
export async function solveCopy(
  { learner, copy, unfinished, turn }: LearningCopy,
  { on, as, keepsFeatures = true }: Solving = {},
): Promise<HeadFit> {
  const { learnt, judges } = on ?? { learnt: unfinished.learnt, judges: unfinished.held };
  const { args } = unfinished;
  const { run, signal } = turn;
  await run.waitWhilePaused(signal);
  const eval_dataset = judges.length === 0 ? {} : { eval_dataset: judges };
  const { id, born, settings } = learner;
  const profile = keepsFeatures && settings.keep_examples ? { id, born } : undefined;
  const common = { adapter_name: copy, args: batchArguments(args), profile, signal };
  return fitHeadWith(learner.host.adapted, learnt, {
    ...common,
    ...eval_dataset,
    ...(as && { C: as.C, scale: as.scale }),
  });
}

/** The arguments of training that rows and batches depend on. */
function batchArguments({
  max_length,
  per_device_train_batch_size,
  classWeights,
}: TrainingArguments): TrainingArguments {
  return {
    ...(max_length !== undefined && { max_length }),
    ...(per_device_train_batch_size !== undefined && { per_device_train_batch_size }),
    ...(classWeights !== undefined && { classWeights }),
  };
}

/** The parts of a run before its last solution. */
interface EarlierWork {
  /** The run's first solution over all examples to learn from, which has the losses before the run. Default: the last solution. */
  readonly first?: HeadFit;
  readonly steps?: number;
  readonly candidates?: readonly LearnCandidate[];
  readonly left_out?: readonly number[];
}

/**
 * The outcome of a run that ends with a solved head. The head is taken if a fair loss doesn't rise. A fair loss is that over held-out
 * examples, or the cross-validated loss of the run's first head; the latter stands for later heads too, because they weren't found to be
 * clearly worse. One of the two losses is enough, because few held-out examples may mislead. While none are held out, the head always
 * replaces an earlier solved head, and a head that was never trained.
 */
export function outcomeOf(
  fit: HeadFit,
  { isSolved }: Pick<LearnContext, 'isSolved'>,
  { first = fit, steps = 0, candidates = [], left_out = [] }: EarlierWork = {},
): Improvement['outcome'] {
  const { C, loss, held_out, examples } = fit;
  const { cross_validated } = first;
  const loss_before = finite((first.held_out?.before ?? first.before).loss);
  const loss_after = finite(held_out?.after.loss ?? loss);
  const fair = held_out === null ? (cross_validated?.loss ?? first.loss) : loss_after;
  const inTurn = cross_validated?.loss ?? Number.POSITIVE_INFINITY;
  return {
    examples,
    held_out: held_out?.examples ?? 0,
    steps,
    loss_before,
    loss_after,
    C,
    cross_validated_loss: cross_validated?.loss ?? null,
    cross_validated_accuracy: cross_validated?.accuracy ?? null,
    accuracy_before: first.held_out?.before.accuracy ?? null,
    accuracy_after: held_out?.after.accuracy ?? null,
    candidates,
    left_out,
    phases: [],
    taken: (held_out === null && isSolved) || fair <= loss_before || inTurn <= finite(first.before.loss),
  };
}

/** Returns the loss, or the largest number if the loss isn't finite, as other methods do. */
export function finite(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}

/** The output of a run that trains nothing. */
export function outputOf({ C, loss, accuracy, cross_validated, computed, seconds }: HeadFit): TrainOutput {
  const metrics = {
    C,
    computed,
    seconds,
    ...(accuracy !== null && { accuracy }),
    ...(cross_validated && { cross_validated_loss: cross_validated.loss }),
    ...(cross_validated?.accuracy != null && { cross_validated_accuracy: cross_validated.accuracy }),
  };
  return { global_step: 0, training_loss: loss, metrics };
}
