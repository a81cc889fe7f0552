import type { HeadFit } from '../../../core/types/prediction';
import type { TrainingArguments, TrainOutput } from '../../../core/types/training';
import { fitHeadWith } from '../../adapters/fit_head';
import { partsKey } from '../../models/remote_model';
import { wrong } from '../../session/options';
import type { ProfileHost } from '../host';
import type { Improvement, LearnContext, LearningCopy, LearnMethodKind } from './learn_method';

/**
 * Solves for the last layer of the copy's head. It is better unless its loss rises on the held-out examples. While none are held
 * out, a head that was solved for before is replaced by the one of all examples; other vectors are replaced unless the loss over
 * examples held out in turn is higher than theirs, because the new head fits its own examples too well to be judged by them.
 */
export const INSTANT: LearnMethodKind = {
  expectUsable({ base }: ProfileHost) {
    const { hasNamedLabels, labels, name } = base[partsKey].info.task;
    if (hasNamedLabels && labels === 'of rows') return;
    const hint = 'Other models learn by the method train.';
    throw wrong("learn: method 'instant'", 'a classifier of whole texts or images', name, hint);
  },
  async improve({ learner, copy, unfinished, turn }) {
    const { learnt, held, args } = unfinished;
    const { run, signal } = turn;
    await run.waitWhilePaused(signal);
    const eval_dataset = held.length === 0 ? {} : { eval_dataset: held };
    const common = { adapter_name: copy, args: batchArguments(args), signal };
    const fit = await fitHeadWith(learner.host.adapted, learnt, { ...common, ...eval_dataset });
    return { output: outputOf(fit), outcome: outcomeOf(fit, learner) };
  },
};

/** Solves for the last layer of a copy's head, whatever its loss is: a beginning for methods that train. */
export async function beginSolved({ learner, copy, unfinished, turn }: LearningCopy): Promise<HeadFit> {
  const args = batchArguments(unfinished.args);
  return fitHeadWith(learner.host.adapted, unfinished.learnt, { adapter_name: copy, args, signal: turn.signal });
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

function outputOf({ C, loss, accuracy, cross_validated, computed, seconds }: HeadFit): TrainOutput {
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

export function outcomeOf(
  { C, loss, before, held_out, cross_validated, examples }: HeadFit,
  { isSolved }: Pick<LearnContext, 'isSolved'>,
): Improvement['outcome'] {
  const loss_before = finite((held_out?.before ?? before).loss);
  const loss_after = finite(held_out?.after.loss ?? loss);
  const fair = held_out === null ? (cross_validated?.loss ?? loss) : loss_after;
  const taken = (held_out === null && isSolved) || fair <= loss_before;
  return {
    examples,
    held_out: held_out?.examples ?? 0,
    steps: 0,
    loss_before,
    loss_after,
    C,
    cross_validated_loss: cross_validated?.loss ?? null,
    taken,
  };
}

/** As for other methods, the largest number in place of a loss that isn't finite. */
function finite(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE;
}
