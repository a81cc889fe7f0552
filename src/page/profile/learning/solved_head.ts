import type { HeadFit } from '../../../core/types/prediction';
import type { TrainOutput } from '../../../core/types/training';
import { fitHeadWith } from '../../adapters/fit_head';
import { partsKey } from '../../models/remote_model';
import { defined, wrong } from '../../session/options';
import type { Trial } from '../examples/left_out';
import { labelsOf } from '../fits';
import type { ProfileHost } from '../host';
import type { ProfileState } from '../storage/record';
import type { LearnCandidate, LearnMethod } from '../types';
import { weightsInRun } from './judged_weights';
import type { Improvement, LearningCopy } from './learn_method';

/** Throws `invalid_argument` if the base model has no head that can be solved for. */
export function expectSolvable({ base }: ProfileHost, method: LearnMethod): void {
  const { hasNamedLabels, labels, name } = base[partsKey].info.task;
  if (hasNamedLabels && labels === 'of rows') return;
  const hint = 'Other models learn by the method train.';
  throw wrong(`learn: method '${method}'`, 'a classifier of whole texts or images', name, hint);
}

interface Solving {
  /** The examples to fit the head to, and those to evaluate it on. Default: all training examples, and all held-out examples. */
  readonly on?: Pick<Trial, 'learnt' | 'judges'> | undefined;
  /** The C (inverse strength of the penalty) and the scale of the scores to use. Default: cross-validation chooses both. */
  readonly as?: Pick<HeadFit, 'C' | 'scale'> | undefined;
  /** Whether the profile stores the features of the examples, so that later sessions needn't compute them again. Default: true. */
  readonly keepsFeatures?: boolean;
}

/**
 * Solves for the last layer of the head in the run's copy of the adapter, with the copy's current vectors. Judges the head on other
 * examples, if there are any.
 */
export async function solveCopy(
  { profile: { host, id }, state, copy, unfinished, turn }: LearningCopy,
  { on, as, keepsFeatures = true }: Solving = {},
): Promise<HeadFit> {
  const { learnt, judges } = on ?? { learnt: unfinished.learnt, judges: unfinished.held };
  // Only these training arguments affect how examples become rows and batches.
  const { max_length, per_device_train_batch_size, classWeights } = unfinished.args;
  const { run, signal } = turn;
  const eval_weights = weightsInRun(classWeights ?? null, learnt, labelsOf(host.base));
  const judging = judges.length === 0 ? {} : { eval_dataset: judges, eval_weights };
  const profile = keepsFeatures && state.settings.keep_examples ? { id, born: state.born } : undefined;
  const args = defined({ max_length, per_device_train_batch_size, classWeights });
  const common = { adapter_name: copy, args, profile, signal };
  const options = { ...common, ...judging, ...(as && { C: as.C, scale: as.scale }) };
  return run.inOne(signal, () => fitHeadWith(host.adapted, learnt, options));
}

/** The results of a run before its head was solved for the last time. */
interface EarlierWork {
  /** The run's first fit to all examples to learn from, which has the losses before the run. Default: the last fit. */
  readonly first?: HeadFit;
  readonly steps?: number;
  readonly candidates?: readonly LearnCandidate[];
  readonly left_out?: readonly number[];
}

/**
 * Returns the outcome of a run that ends with a solved head. The profile takes the head if the loss on held-out examples or the
 * cross-validated loss isn't above the loss before the run. One of the two is enough, because few held-out examples may mislead. The
 * cross-validated loss is that of the run's first head. It also counts for the final head, because the comparison of candidates didn't find
 * that head clearly worse. While no examples are held out, the head always replaces a head that was never trained, or that an earlier run
 * solved for.
 */
export function outcomeOf(
  fit: HeadFit,
  { solved }: Pick<ProfileState, 'solved'>,
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
    taken: (held_out === null && solved) || fair <= loss_before || inTurn <= finite(first.before.loss),
  };
}

/** Returns the loss, or `Number.MAX_VALUE` if the loss isn't finite, as `judge` does. */
export function finite(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}

/** Returns the output of a run that trains nothing. */
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
