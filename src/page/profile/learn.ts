import { WebVeraError } from '../../core/error';
import type { Example, TrainOutput } from '../../core/training';
import { Trainer } from '../trainer';
import type { ProfileHost } from './host';
import { watchIdle } from './idle';
import type { LearnRun } from './learn_run';
import { filesOf, type Learning, type Vectors, vectorsOf } from './record';
import { learningName } from './shelf';
import type { LearnRecord } from './types';

/** What a run learns for, and what it tells it. */
export interface Learner {
  readonly id: string;
  readonly host: ProfileHost;
  /** The adapter that holds the vectors from before. */
  readonly adapter: string;
  /** Those vectors. */
  readonly vectors: Vectors;
  /** Keeps what was measured before the first step. */
  measured(loss_before: number): Promise<void>;
  /** The end: a record for the history, and the new vectors where they are better. */
  finish(record: LearnRecord, taken: Vectors | undefined): Promise<void>;
}

/**
 * Trains a copy of the vectors, so that whatever happens those from before are there, and takes it in their place unless it
 * does worse on what was held out.
 */
export async function learn(
  { id, host, adapter, vectors, measured, finish }: Learner,
  learning: Learning,
  { run, resumes, signal }: { readonly run: LearnRun; readonly resumes: boolean; readonly signal: AbortSignal },
): Promise<TrainOutput> {
  const copy = learningName(id);
  const { args, when } = learning;
  const judged = learning.held.length > 0 ? learning.held : learning.learn;
  const trainer = (adapter_name: string, train: readonly Example[]): Trainer =>
    new Trainer({ model: host.vera, adapter_name, args, train_dataset: train, eval_dataset: judged });
  const lossOf = async (name: string): Promise<number> => {
    const { eval_loss = Number.NaN } = await trainer(name, judged).evaluate({ signal });
    return Number.isFinite(eval_loss) ? eval_loss : Number.MAX_VALUE;
  };
  const release = host.use(adapter);
  const unwatch = when === 'idle' ? watchIdle((reason, holds) => wait(run, reason, holds)) : () => {};
  try {
    await host.remove(copy);
    await host.place(copy, filesOf(vectors), { is_trainable: true });
    await run.free(signal);
    const loss_before = learning.loss_before ?? (await lossOf(adapter));
    if (learning.loss_before === null) await measured(loss_before);
    const begun = trainer(copy, learning.learn).train({ resume_from_checkpoint: resumes, signal });
    const output = await run.follow(begun);
    const steps = output.global_step;
    const loss_after = steps === 0 ? loss_before : await lossOf(copy);
    const taken = steps > 0 && loss_after <= loss_before;
    const sizes = { examples: learning.learn.length, held_out: learning.held.length, steps };
    const record = { at: Date.now(), ...sizes, loss_before, loss_after, taken };
    signal.throwIfAborted();
    await finish(record, taken ? await vectorsOf(await host.read(copy)) : undefined);
    const metrics = { loss_before, loss_after, held_out: learning.held.length, taken: Number(taken) };
    return { ...output, metrics: { ...output.metrics, ...metrics } };
  } finally {
    unwatch();
    release();
    await host.remove(copy).catch(() => {}); // if the session is gone, so is the copy
  }
}

/** What may go on in another visit: nothing is wrong with it, but with the device, the worker or the page. */
export function isInterruption(
  error: unknown,
  session: 'ready' | 'busy' | 'recovering' | 'blocked' | 'closed',
): boolean {
  if (session === 'closed') return true;
  return error instanceof WebVeraError && ['device_lost', 'gpu_blocked', 'worker_crashed'].includes(error.code);
}

function wait(run: LearnRun, reason: 'hidden' | 'busy', holds: boolean): void {
  // If it can't be told, the run has ended.
  (holds ? run.pauseFor(reason) : run.resumeFor(reason)).catch(() => {});
}
