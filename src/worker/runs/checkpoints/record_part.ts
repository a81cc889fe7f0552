import type { JsonObject } from '../../../core/input/fields';
import { NOT_HALVED, type RecordSnapshot } from '../../../core/types/snapshot';
import type { ResolvedTrainingArguments } from '../../../core/types/training';

export type RecordPart = Pick<RecordSnapshot, 'halving' | 'evaluation' | 'reference'>;

/**
 * Removes the entries of a run's record that don't apply to its new arguments:
 * - the halvings, if the learning rate has changed;
 * - the base model's log probabilities, if the batch size or `max_length` has changed, because a rating's second sequence depends on both;
 * - the best evaluation, if its metric has changed, or if the run is to end with its parameters and the record lacks them.
 */
export function partThatCounts(
  { halving, evaluation, reference }: RecordSnapshot,
  then: JsonObject,
  now: ResolvedTrainingArguments,
): RecordPart {
  const { best } = evaluation;
  const isSameMetric = (['metric_for_best_model', 'greater_is_better'] as const).every(
    (key) => !(key in then) || then[key] === now[key],
  );
  const hasValues = !now.load_best_model_at_end || best?.parameters !== undefined;
  const isComparable = (['per_device_train_batch_size', 'max_length'] as const).every((key) => then[key] === now[key]);
  return {
    ...(reference && { reference: isComparable ? reference : undefined }),
    halving: then.learning_rate === now.learning_rate ? halving : NOT_HALVED,
    evaluation: best === null || (isSameMetric && hasValues) ? evaluation : { ...evaluation, best: null, stale: 0 },
  };
}
