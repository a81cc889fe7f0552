import { parametersEnd } from '../adapters/pool/pool_layout';
import { WebVeraError } from '../core/errors/error';
import type { RunEvent } from '../core/types/run';
import type { PoolSnapshot, RecordSnapshot, RunSnapshot } from '../core/types/snapshot';
import type { ResolvedTrainingArguments } from '../core/types/training';
import type { Runner } from '../graph/runner';
import { expectStorable, type HeldPool, holdInitialPools, holdPools, readHeldPools } from './saving/held_pools';
import { readPieces, restorePools } from './saving/pools';
import type { RunRecord } from './saving/run_record';
import type { OptimizerState } from './steps/optimizer';
import type { Restored } from './training_init';

interface StepRecoveryInit {
  readonly runner: Runner;
  readonly state: OptimizerState;
  readonly args: Pick<ResolvedTrainingArguments, 'learning_rate'>;
  readonly record: RunRecord;
  emit(event: RunEvent): void;
}

interface RecoverySteps {
  /** Waits for the queued steps and discards their results. */
  drain(): Promise<void>;
  /** Called with the state from which the run continues. */
  onReturn(pools: readonly PoolSnapshot[]): Promise<void>;
}

interface HeldState {
  readonly at: RecordSnapshot;
  readonly pools: readonly HeldPool[];
}

/** The maximum number of consecutive halvings of the learning rate. */
const MOST = 3;

/** Holds the states to which a run returns when a step fails. A step fails if its loss or gradient norm isn't finite. */
export class StepRecovery {
  readonly #init: StepRecoveryInit;
  /** The last held state. */
  #last: HeldState | undefined;
  /** The state that was held before `#last`, until the finite loss of a later step proves that `#last` is good. */
  #before: HeldState | undefined;

  constructor(init: StepRecoveryInit) {
    this.#init = init;
  }

  /** Holds the initial state: the restored one, else the current pools. */
  async begin(restored: Restored | undefined): Promise<void> {
    const { runner, state, record } = this.#init;
    if (restored === undefined) {
      this.#last = { at: record.snapshot(), pools: await holdInitialPools(runner, state) };
      return;
    }
    this.#last = holdState({ ...record.snapshot(), pools: restored.pools });
    // `before` is from a checkpoint of the whole run. If several adapters train, this adapter may have rolled back since, to fewer steps.
    const { before, progress } = restored;
    const isEarlier = before !== undefined && before.progress.global_step < progress.global_step;
    this.#before = isEarlier ? holdState(before) : undefined;
  }

  /**
   * Runs the remaining steps. After a failed step it returns to a good state and runs the steps again, until they have failed too often.
   */
  async run(steps: () => Promise<void>, { drain, onReturn }: RecoverySteps): Promise<void> {
    for (;;) {
      try {
        await steps();
        return await this.check();
      } catch (error) {
        if (!isNumerical(error)) throw error;
        await drain();
        await onReturn(await this.goBack(error));
      }
    }
  }

  /**
   * Holds the state after the last acknowledged step, so that the run can return to it. Throws `numerical_error` if an adapter with these
   * values could not be loaded.
   */
  hold(pools: readonly PoolSnapshot[]): void {
    const { state, record } = this.#init;
    for (const [index, { layout }] of [...state.pools.keys()].entries()) {
      const parameters = pools[index]?.parameters ?? new Float32Array();
      expectStorable(parameters.subarray(0, parametersEnd(layout)), record.progress.global_step);
    }
    const held = holdState({ ...record.snapshot(), pools });
    if (this.#last !== undefined && stepOf(this.#last) < stepOf(held)) this.#before = this.#last;
    this.#last = held;
  }

  /** Called when this step's loss is finite. The state that was held before the step is then known to be good. */
  passed(step: number): void {
    if (this.#last !== undefined && stepOf(this.#last) < step) this.#before = undefined;
  }

  /** Checks the final state when no step is queued. Throws the same error as `hold`. */
  async check(): Promise<void> {
    const { runner, state, record } = this.#init;
    const { global_step } = record.progress;
    if (this.#last !== undefined && stepOf(this.#last) === global_step) return;
    for (const { pool, layout } of state.pools.keys()) {
      for await (const piece of readPieces(runner, pool, parametersEnd(layout))) expectStorable(piece, global_step);
    }
  }

  /**
   * Restores the last good state, halves the learning rate, and returns the pools of that state. After three halvings in a row it throws
   * the error that ends the run. No step may be queued.
   */
  async goBack(error: WebVeraError): Promise<readonly PoolSnapshot[]> {
    const { runner, state, record } = this.#init;
    const held = this.#before ?? this.#last;
    if (held === undefined) throw error;
    const pools = await readHeldPools(held.pools);
    restorePools(runner, state, pools);
    this.#last = held;
    this.#before = undefined;
    const failed = Number(error.detail.step);
    const { factor, step, times } = record.halving;
    // A failure at a later step than last time shows that halving has helped.
    const inARow = failed > step ? 1 : times + 1;
    if (inARow > MOST) {
      // This adapter's record and vectors must belong to the same step, because both are saved with the run's other adapters.
      record.goBack({ ...held.at, halving: record.halving });
      throw hopeless(error, stepOf(held));
    }
    const halving = { factor: factor / 2, step: Math.max(step, failed), times: inARow };
    this.#report(error, record.goBack({ ...held.at, halving }));
    return pools;
  }

  #report({ message }: WebVeraError, repeatedSteps: number): void {
    const { args, record, emit } = this.#init;
    const { progress, halving } = record;
    emit({ type: 'recovered', cause: 'numerical_error', repeatedSteps, ...record.history });
    const rate = `a learning_rate of ${args.learning_rate * halving.factor} in place of ${args.learning_rate}`;
    emit({
      type: 'warning',
      code: 'numerical_error',
      message: `${message}. Training continues from step ${progress.global_step} with ${rate}`,
    });
  }
}

function holdState({ pools, ...at }: RunSnapshot): HeldState {
  return { at, pools: holdPools(pools) };
}

function stepOf({ at: { progress } }: HeldState): number {
  return progress.global_step;
}

function hopeless({ message, detail }: WebVeraError, kept_step: number): WebVeraError {
  return new WebVeraError('numerical_error', `${message}, though the learning rate was halved ${MOST} times`, {
    hint:
      'Use a much lower learning_rate, or check the model and the data for errors. ' +
      `The adapter holds the vectors of step ${kept_step}.`,
    detail: { ...detail, kept_step },
  });
}

/** Whether a step or a state failed because its numbers aren't finite or are too large. */
export function isNumerical(error: unknown): error is WebVeraError {
  return error instanceof WebVeraError && error.code === 'numerical_error';
}
