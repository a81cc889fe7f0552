import { WebVeraError } from '../../../core/errors/error';
import type { SentExample } from '../../../core/types/training';
import { measureKey, trainerKey } from '../../training/trainer';
import { labelsOf } from '../fits';
import { counts, weightsInRun } from './judged_weights';
import type { LearningCopy } from './learn_method';
import type { Phase } from './phases';

/** An adapter's loss and accuracy on one kind of data: examples, preferences or ratings. */
export interface Figures {
  /** The mean loss over all predictions, preferences or ratings, weighted as in training. `Number.MAX_VALUE` if it isn't finite. */
  readonly loss: number;
  /** The share of preferences whose chosen text has the higher reward; null for other kinds. */
  readonly accuracy: number | null;
}

/** The number of examples to evaluate at a time. The run can pause in between. */
const PORTION = 32;

/**
 * Evaluates an adapter on examples of the phase's kind: examples, preferences or ratings. Examples with a weight of 0 are left out, unless
 * there are no others. Resolves with undefined if no example has anything to predict.
 */
export async function judge(
  { profile: { host }, turn: { run, signal } }: LearningCopy,
  { plan, learnt }: Phase,
  { adapter_name, examples }: { readonly adapter_name: string; readonly examples: readonly SentExample[] },
): Promise<Figures | undefined> {
  let [losses, right, predictions] = [0, 0, 0];
  let hasAccuracy = false;
  const counted = examples.some(counts) ? examples.filter(counts) : examples;
  for (let start = 0; start < counted.length; start += PORTION) {
    const portion = counted.slice(start, start + PORTION);
    const trainer = plan.trainer({ model: host.adapted, adapter_name, train_dataset: portion, eval_dataset: portion });
    await run.waitWhilePaused(signal);
    const classWeights = weightsInRun(trainer[trainerKey].args.classWeights, learnt, labelsOf(host.base));
    const metrics = await trainer[measureKey](signal, classWeights).catch(nothingToJudge);
    const { eval_loss = 0, eval_tokens, eval_rows, eval_pairs, eval_ratings, 'rewards/accuracies': accuracy } = metrics;
    const count = eval_tokens ?? eval_rows ?? eval_pairs ?? eval_ratings ?? 0;
    losses += eval_loss * count;
    right += (accuracy ?? 0) * count;
    predictions += count;
    hasAccuracy ||= accuracy !== undefined;
  }
  if (predictions === 0) return undefined;
  const loss = Number.isFinite(losses) ? losses / predictions : Number.MAX_VALUE;
  return { loss, accuracy: hasAccuracy ? right / predictions : null };
}

/** Returns no metrics if the error only reports examples without anything to predict, such as texts of one token. Rethrows other errors. */
function nothingToJudge(error: unknown): Record<string, number> {
  if (error instanceof WebVeraError && error.code === 'invalid_argument' && 'leftOut' in error.detail) return {};
  throw error;
}
