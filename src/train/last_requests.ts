import { untilAborted } from '../core/async/abort';
import type { RunEvaluation } from './evaluation';
import type { StepLog } from './step_log';
import type { TrainingInit } from './training_init';

interface Answering {
  readonly log: StepLog;
  readonly evaluation: RunEvaluation | undefined;
  /** The error that ended the adapter's training, if any. */
  readonly failure?: unknown;
}

/**
 * Waits until the callbacks have been called for all events so far. If they have requested a log or an evaluation, logs or evaluates the
 * last step. Resolves with whether it did either: if so, the callbacks may request more. No step may be queued.
 */
export async function answerLastRequests(
  { heard, signal }: Pick<TrainingInit, 'heard' | 'signal'>,
  answering: readonly Answering[],
): Promise<boolean> {
  if (heard === undefined) return false;
  await untilAborted(heard(), signal);
  let isAnswered = false;
  for (const { log, evaluation } of answering.filter(({ failure }) => failure === undefined)) {
    if (log.answer()) isAnswered = true;
    if (await evaluation?.runAsked()) isAnswered = true;
  }
  return isAnswered;
}
