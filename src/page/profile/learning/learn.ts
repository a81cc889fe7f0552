import { WebVeraError } from '../../../core/errors/error';
import type { SentExample, TrainOutput } from '../../../core/types/training';
import { pausable } from '../../training/train_run';
import { Trainer } from '../../training/trainer';
import type { ProfileHost } from '../host';
import { copyName } from '../storage/profile_storage';
import { filesOf, type Unfinished, type Vectors, vectorsOf } from '../storage/record';
import type { LearnRecord } from '../types';
import { type IdleReason, watchIdle } from './idle';
import type { LearnRun } from './learn_run';

/** The profile that a run learns for, and its callbacks. */
export interface LearnContext {
  readonly id: string;
  readonly host: ProfileHost;
  /** The adapter with the current vectors. */
  readonly adapter: string;
  /** The current vectors. */
  readonly vectors: Vectors;
  /** Stores the loss that was measured before the first step. */
  measured(unfinished: Unfinished): Promise<void>;
  /**
   * Ends the run with an outcome for the history, and with the new vectors if they are better. Resolves with whether
   * they were taken.
   */
  finish(record: LearnRecord, better: Vectors | undefined): Promise<boolean>;
}

interface LearnTurn {
  readonly run: LearnRun;
  /** Whether the run resumes from a checkpoint. */
  readonly resumes: boolean;
  readonly signal: AbortSignal;
}

/** Examples evaluated at a time; a run may pause in between. */
const PORTION = 32;

/**
 * Trains a copy of the vectors, so that the current ones stay intact, and replaces them by it unless it does worse on
 * the held-out examples.
 */
export async function learn(learner: LearnContext, unfinished: Unfinished, turn: LearnTurn): Promise<TrainOutput> {
  const { id, host, adapter, vectors } = learner;
  const { run, resumes, signal } = turn;
  const copy = copyName(id);
  const release = host.use(adapter);
  const unwatch =
    unfinished.when === 'idle' ? watchIdle((reason, holds) => pauseOrResume(run, reason, holds)) : () => {};
  try {
    await host.remove(copy);
    await host.place(copy, filesOf(vectors), { is_trainable: true });
    const { args, learnt, held, loss_before } = await measure(learner, unfinished, turn);
    const trainer = new Trainer({ model: host.adapted, adapter_name: copy, args, train_dataset: learnt });
    await run.waitWhilePaused(signal);
    const output = await run.follow(pausable(trainer.train({ resume_from_checkpoint: resumes, signal })));
    const steps = output.global_step;
    const loss_after =
      steps === 0 ? loss_before : await lossOf(learner, copy, { args, examples: judges(held, learnt) }, turn);
    const isBetter = steps > 0 && loss_after <= loss_before;
    const better = isBetter ? await vectorsOf(await host.read(copy)) : undefined;
    signal.throwIfAborted();
    const counts = { examples: learnt.length, held_out: held.length, steps };
    const taken = await learner.finish({ at: Date.now(), ...counts, loss_before, loss_after, taken: isBetter }, better);
    const metrics = { loss_before, loss_after, held_out: held.length, taken: Number(taken) };
    return { ...output, metrics: { ...output.metrics, ...metrics } };
  } finally {
    unwatch();
    release();
    await host.remove(copy).catch(() => {}); // if the session has ended, the copy no longer exists
  }
}

/**
 * Whether a run that ended with `error` may resume in another visit, because only the device, the worker or the page
 * failed.
 */
export function isInterruption(error: unknown, session: AbortSignal): boolean {
  if (session.aborted) return true;
  return error instanceof WebVeraError && ['device_lost', 'gpu_blocked', 'worker_crashed'].includes(error.code);
}

/**
 * Measures the loss of the current vectors on the held-out examples, or on those to train on if the held-out ones have
 * nothing to predict.
 */
async function measure(
  learner: LearnContext,
  unfinished: Unfinished,
  turn: LearnTurn,
): Promise<Unfinished & { readonly loss_before: number }> {
  const { args, learnt, loss_before: before } = unfinished;
  if (before !== null) return { ...unfinished, loss_before: before };
  const on = (examples: readonly SentExample[]): Promise<number> =>
    lossOf(learner, learner.adapter, { args, examples }, turn);
  const ofHeld = unfinished.held.length === 0 ? Number.NaN : await on(unfinished.held);
  const held = Number.isNaN(ofHeld) ? [] : unfinished.held;
  const loss_before = Number.isNaN(ofHeld) ? await on(learnt) : ofHeld;
  const measured = { ...unfinished, held, loss_before };
  await learner.measured(measured);
  return measured;
}

function judges(held: readonly SentExample[], learnt: readonly SentExample[]): readonly SentExample[] {
  return held.length > 0 ? held : learnt;
}

/** The mean loss over all predictions; NaN without any. If it isn't finite, the largest number. */
async function lossOf(
  { host }: LearnContext,
  adapter_name: string,
  { args, examples }: Pick<Unfinished, 'args'> & { readonly examples: readonly SentExample[] },
  { run, signal }: LearnTurn,
): Promise<number> {
  let sum = 0;
  let predictions = 0;
  for (let start = 0; start < examples.length; start += PORTION) {
    const portion = examples.slice(start, start + PORTION);
    const trainer = new Trainer({
      model: host.adapted,
      adapter_name,
      args,
      train_dataset: portion,
      eval_dataset: portion,
    });
    await run.waitWhilePaused(signal);
    const metrics = await trainer.evaluate({ signal }).catch(nothingToJudge);
    const { eval_loss = 0, eval_tokens, eval_rows } = metrics;
    const count = eval_tokens ?? eval_rows ?? 0;
    sum += eval_loss * count;
    predictions += count;
  }
  if (predictions === 0) return Number.NaN;
  return Number.isFinite(sum) ? sum / predictions : Number.MAX_VALUE;
}

/** Ignores examples with nothing to predict, for example of one token. */
function nothingToJudge(error: unknown): Record<string, number> {
  if (error instanceof WebVeraError && error.code === 'invalid_argument' && 'leftOut' in error.detail) return {};
  throw error;
}

function pauseOrResume(run: LearnRun, reason: IdleReason, holds: boolean): void {
  // If the request fails, the run has ended.
  (holds ? run.pauseFor(reason) : run.resumeFor(reason)).catch(() => {});
}
