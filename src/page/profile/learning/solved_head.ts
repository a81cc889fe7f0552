import type { HeadFit } from '../../../core/types/prediction';
import type { TrainingArguments } from '../../../core/types/training';
import { fitHeadWith } from '../../adapters/fit_head';
import { partsKey } from '../../models/remote_model';
import { wrong } from '../../session/options';
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

/**
 * Solves for the last layer of the copy's head over its current vectors, and judges it on the held-out examples. `as`: a head whose
 * strength and scale are taken over. Default: by cross-validation.
 */
export async function solveCopy(
  { learner, copy, unfinished, turn }: LearningCopy,
  as?: Pick<HeadFit, 'C' | 'scale'>,
): Promise<HeadFit> {
  const { learnt, held, args } = unfinished;
  const { run, signal } = turn;
  await run.waitWhilePaused(signal);
  const eval_dataset = held.length === 0 ? {} : { eval_dataset: held };
  const common = { adapter_name: copy, args: batchArguments(args), signal };
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
  /** The run's first solution, which knows the losses from before. Default: the same. */
  readonly first?: HeadFit;
  readonly steps?: number;
  readonly candidates?: readonly LearnCandidate[];
}

/**
 * The outcome of a run that ends with a solved head. The head is taken by a fair loss: over held-out examples, or else over examples held
 * out in turn. While none are held out, it replaces an earlier solved head in any case.
 */
export function outcomeOf(
  fit: HeadFit,
  { isSolved }: Pick<LearnContext, 'isSolved'>,
  { first = fit, steps = 0, candidates = [] }: EarlierWork = {},
): Improvement['outcome'] {
  const { C, loss, held_out, cross_validated, examples } = fit;
  const loss_before = finite((first.held_out?.before ?? first.before).loss);
  const loss_after = finite(held_out?.after.loss ?? loss);
  const fair = held_out === null ? (cross_validated?.loss ?? loss) : loss_after;
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
    taken: (held_out === null && isSolved) || fair <= loss_before,
  };
}

/** As for other methods, the largest number in place of a loss that isn't finite. */
export function finite(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}
