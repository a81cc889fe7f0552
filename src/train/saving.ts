import { WebVeraError } from '../core/error';
import type { PoolSnapshot } from '../core/snapshot';
import type { ResolvedTrainingArguments } from '../core/training';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import type { OptimizerState } from './optimizer';
import type { RunRecord } from './run_record';
import type { Checkpoints, StepData, TrainingEvent } from './training_init';

export interface SavingInit {
  readonly runner: Runner;
  readonly state: OptimizerState;
  readonly args: Pick<ResolvedTrainingArguments, 'save_strategy' | 'save_steps'>;
  readonly checkpoints: Checkpoints;
  readonly record: RunRecord;
  emit(event: TrainingEvent): void;
}

/** Keeps a run's states. What can't be kept is told once, and the run goes on. */
export class Saving {
  readonly #init: SavingInit;
  #asked = false;
  #failing = false;
  /** The last step that was kept, or need not be. */
  #kept: number;

  constructor(init: SavingInit) {
    this.#init = init;
    this.#kept = init.record.progress.global_step;
  }

  /** For the next step that is queued, or for the end. */
  ask(): void {
    this.#asked = true;
  }

  /** Right after a step was queued: its state, if it is to be kept, before later steps change it. */
  copyIfDue(step: number, { endsEpoch }: StepData): Promise<readonly PoolSnapshot[]> | undefined {
    const { runner, state, args } = this.#init;
    const isDue =
      args.save_strategy === 'steps' ? step % args.save_steps === 0 : args.save_strategy === 'epoch' && endsEpoch;
    if (!isDue && !this.#asked) return undefined;
    this.#asked = false;
    const pools = copyPools(runner, state);
    // The step's own outcome may fail first, and then nobody waits for this.
    pools.catch(() => {});
    return pools;
  }

  /** Keeps what was copied of the last acknowledged step. */
  async keep(pools: readonly PoolSnapshot[]): Promise<void> {
    const { checkpoints, record, emit } = this.#init;
    const { global_step } = record.progress;
    this.#kept = global_step;
    try {
      const checkpoint = await checkpoints.save({ ...record.snapshot(), pools });
      this.#failing = false;
      emit({ type: 'save', checkpoint });
    } catch (error) {
      if (!(error instanceof WebVeraError) || !STORAGE.has(error.code)) throw error;
      if (this.#failing) return;
      this.#failing = true;
      const message = `Step ${global_step} isn't saved, and training goes on: ${error.message}`;
      emit({ type: 'warning', code: error.code, message });
    }
  }

  /** Keeps where the run stands, while nothing is queued. With `wanted` whatever the strategy, or not at all. */
  async keepNow(wanted = this.#asked || this.#init.args.save_strategy !== 'no'): Promise<void> {
    const { runner, state, record } = this.#init;
    if (!wanted || record.progress.global_step === this.#kept) return;
    this.#asked = false;
    await this.keep(await copyPools(runner, state));
  }
}

const STORAGE: ReadonlySet<string> = new Set(['storage_full', 'storage_unavailable', 'numerical_error']);

/** The opposite of a copy. */
export function restorePools(runner: Runner, state: OptimizerState, pools: readonly PoolSnapshot[]): void {
  for (const [index, [{ lambda }, { m, v }]] of [...state.pools].entries()) {
    const pool = pools[index];
    if (pool === undefined) throw new WebVeraError('internal', `There is no state ${index} to restore`);
    runner.write(lambda, pool.parameters);
    runner.write(m, pool.exp_avg);
    runner.write(v, pool.exp_avg_sq);
  }
}

async function copyPools(runner: Runner, { pools }: OptimizerState): Promise<readonly PoolSnapshot[]> {
  const read = async (value: Value) => new Float32Array(await runner.read(value));
  return Promise.all(
    [...pools].map(async ([{ lambda }, { m, v }]) => {
      const [parameters, exp_avg, exp_avg_sq] = await Promise.all([read(lambda), read(m), read(v)]);
      return { parameters, exp_avg, exp_avg_sq };
    }),
  );
}
