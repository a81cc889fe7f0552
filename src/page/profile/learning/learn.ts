import { type ErrorCode, WebVeraError } from '../../../core/errors/error';
import type { TrainOutput } from '../../../core/types/training';
import { copyName } from '../storage/profile_storage';
import { filesOf, vectorsOf } from '../storage/record';
import type { Unfinished } from '../storage/unfinished_run';
import type { LearnMethod } from '../types';
import { type IdleReason, watchIdle } from './idle';
import { INSTANT } from './instant_method';
import type { LearnMethodKind, LearnTurn } from './learn_method';
import { storeResult } from './learn_results';
import type { LearnRun } from './learn_run';
import type { LearningProfile } from './learning_profile';
import { REFINE } from './refine_method';
import { TRAIN } from './train_method';

export const METHODS: Readonly<Record<LearnMethod, LearnMethodKind>> = {
  train: TRAIN,
  instant: INSTANT,
  refine: REFINE,
};

/**
 * Improves a copy of the profile's trained vectors, so that the current ones don't change during the run. The copy then replaces them
 * unless it does worse on the held-out examples.
 */
export async function learn(profile: LearningProfile, unfinished: Unfinished, turn: LearnTurn): Promise<TrainOutput> {
  const { id, host, adapter, state } = profile;
  const { run, signal } = turn;
  const { method, when, progress } = unfinished;
  const copy = copyName(id);
  const release = host.use(adapter);
  const unwatch = when === 'idle' ? watchIdle((reason, holds) => pauseOrResume(run, reason, holds)) : () => {};
  try {
    await host.remove(copy);
    await host.place(copy, filesOf(progress?.vectors ?? state.vectors), { is_trainable: true });
    const { output, outcome } = await METHODS[method].improve({ profile, state, adapter, copy, unfinished, turn });
    const better = outcome.taken ? await vectorsOf(await host.read(copy, state.settings)) : undefined;
    signal.throwIfAborted();
    const taken = await storeResult(profile, { at: Date.now(), method, ...outcome }, better);
    const { loss_before, loss_after, held_out } = outcome;
    const metrics = { loss_before, loss_after, held_out, taken: Number(taken) };
    return { ...output, metrics: { ...output.metrics, ...metrics } };
  } finally {
    unwatch();
    release();
    await host.remove(copy).catch(() => {}); // if the session has ended, the copy no longer exists
  }
}

/**
 * The errors after which a run may resume: the device or the worker failed, the browser didn't store the result, or another tab holds the
 * run's lock or changes the profile. The run and its checkpoints aren't deleted, because the other tab may be using them.
 */
const INTERRUPTIONS: readonly ErrorCode[] = [
  'device_lost',
  'gpu_blocked',
  'worker_crashed',
  'storage_full',
  'storage_unavailable',
  'locked_by_other_tab',
];

/** Whether a run that ended with `error` may resume in another visit or tab. */
export function isInterruption(error: unknown, session: AbortSignal): boolean {
  if (session.aborted) return true;
  if (!(error instanceof WebVeraError)) return false;
  // A chat template that takes too long is a `timeout` too, but isn't retryable: it takes too long again.
  return INTERRUPTIONS.includes(error.code) || (error.code === 'timeout' && error.retryable);
}

function pauseOrResume(run: LearnRun, reason: IdleReason, holds: boolean): void {
  // If the request fails, the run has ended, so there is nothing to report.
  (holds ? run.pauseFor(reason) : run.resumeFor(reason)).catch(() => {});
}
