import { untilAborted } from '../../core/async/abort';
import { within } from '../../core/async/clock';
import { WebVeraError } from '../../core/errors/error';
import type { RunEvent, Saved } from '../../core/types/run';
import type { PoolSnapshot } from '../../core/types/snapshot';
import type { ResolvedTrainingArguments } from '../../core/types/training';
import { toKnownError } from '../../core/types/wire';
import type { Runner } from '../../graph/runner';
import { byteLength } from '../../graph/value';
import type { OptimizerState } from '../steps/optimizer';
import type { Checkpoints, StepData } from '../training_init';
import { PIECE, readPools } from './pools';
import type { RunRecord } from './run_record';
import { SaveClock } from './save_clock';

export interface SavingInit {
  readonly runner: Runner;
  readonly state: Pick<OptimizerState, 'pools'>;
  readonly args: Pick<ResolvedTrainingArguments, 'save_strategy' | 'save_steps'>;
  readonly checkpoints: Checkpoints;
  readonly record: Pick<RunRecord, 'progress' | 'snapshot'>;
  readonly signal: AbortSignal;
  /** Returns the time in milliseconds. Default: `Date.now`. */
  readonly now?: () => number;
  emit(event: RunEvent): void;
  /** Called with each state before it is saved. Throws if the state must not be saved. */
  hold(pools: readonly PoolSnapshot[]): void;
}

/** How long a run waits for the browser's storage, in milliseconds. A write that takes longer still counts once it ends. */
const PATIENCE = 10_000;

/** Saves a run's states. If storage fails, it warns once, and training continues. */
export class Saving {
  readonly #init: SavingInit;
  readonly #isLarge: boolean;
  readonly #clock: SaveClock;
  #asked = false;
  #failing = false;
  #copying: Promise<void> | undefined;
  /** The write in progress, even if the run has stopped waiting for it. */
  #writing: Promise<void> | undefined;
  /** The last step that is saved or needn't be saved. */
  #savedStep: number;
  #isStored = false;
  /**
   * The number of times that the run has returned to an earlier state. A write that began before the last return holds an obsolete state.
   */
  #returns = 0;
  #isOver = false;

  constructor(init: SavingInit) {
    this.#init = init;
    this.#savedStep = init.record.progress.global_step;
    this.#clock = new SaveClock(init.now);
    this.#isLarge = [...init.state.pools.keys()].some(({ pool }) => byteLength(pool) > PIECE);
  }

  /** Whether to save a state as soon as no step is queued. */
  get isWaiting(): boolean {
    return this.#isLarge && this.#asked;
  }

  /** Resolves when all copies have arrived on the host. Never rejects. */
  get copying(): Promise<void> | undefined {
    return this.#copying;
  }

  /** Copies the state after the last queued step. Undefined if the pools are too large to copy while steps are queued. */
  copy(): Promise<readonly PoolSnapshot[]> | undefined {
    const { runner, state } = this.#init;
    this.#clock.restart();
    this.#asked = this.#isLarge;
    if (this.#isLarge) return undefined;
    const pools = readPools(runner, state);
    // If the step itself fails first, `pools` is not awaited. `allSettled` prevents an unhandled rejection.
    const copying = Promise.allSettled([this.#copying, pools]).then(() => {
      if (this.#copying === copying) this.#copying = undefined;
    });
    this.#copying = copying;
    return pools;
  }

  /** Whether to save the state after this step. Call it once for each step, when the step is queued. */
  isDue(step: number, { endsEpoch }: Pick<StepData, 'endsEpoch'>): boolean {
    const { save_strategy, save_steps } = this.#init.args;
    const isLate = this.#clock.isDue();
    if (this.#asked) return true;
    if (save_strategy === 'no') return false;
    return isLate || (save_strategy === 'steps' ? step % save_steps === 0 : endsEpoch);
  }

  /** Requests a save after the next step that is queued, or at the end. */
  ask(): void {
    this.#asked = true;
  }

  /** Saves the copied state of the last acknowledged step. */
  async save(pools: readonly PoolSnapshot[]): Promise<void> {
    this.#init.hold(pools);
    await this.#store(pools);
  }

  /** Saves `pools` again after the run returned to an earlier state, because states that were stored later are obsolete. */
  async saveAgain(pools: readonly PoolSnapshot[]): Promise<void> {
    const { record, args } = this.#init;
    const wanted = this.#asked || this.#isStored || args.save_strategy !== 'no';
    this.#asked = false;
    this.#returns += 1;
    this.#clock.restart();
    this.#savedStep = record.progress.global_step;
    if (wanted) await this.#store(pools);
  }

  async #store(pools: readonly PoolSnapshot[]): Promise<void> {
    const { record, signal, emit } = this.#init;
    const { global_step } = record.progress;
    try {
      await this.#write(pools);
    } catch (thrown) {
      const error = toKnownError(thrown);
      if (signal.aborted || !(error instanceof WebVeraError)) throw thrown;
      if (this.#failing) return;
      this.#failing = true;
      const message = `Step ${global_step} isn't saved, and training continues: ${error.message}`;
      emit({ type: 'warning', code: error.code, message });
    }
  }

  /**
   * Saves the current state while no step is queued. `wanted` overrides the save strategy. `evenIfSaved`: saves also a state whose step is
   * saved already, because its record has changed since.
   */
  async saveNow(wanted = this.#asked || this.#init.args.save_strategy !== 'no', evenIfSaved = false): Promise<void> {
    const { runner, state, record } = this.#init;
    this.#asked = false;
    this.#clock.restart();
    if (wanted && (evenIfSaved || record.progress.global_step > this.#savedStep))
      await this.save(await readPools(runner, state));
  }

  /** Saves the last state, as `saveNow` does. Waits up to `PATIENCE` for an earlier write, and then for a slow write of this state. */
  async saveLast(wanted: boolean | undefined, evenIfSaved = false): Promise<void> {
    const isFree = await this.#written();
    await this.saveNow(wanted, evenIfSaved);
    if (isFree) await this.#written();
  }

  /** Stops the reports of saves: no event is emitted for a write that ends later. */
  close(): void {
    this.#isOver = true;
  }

  async #write(pools: readonly PoolSnapshot[]): Promise<void> {
    const { checkpoints, record, signal } = this.#init;
    if (this.#writing !== undefined) throw late();
    const { global_step } = record.progress;
    const returns = this.#returns;
    const writing = checkpoints
      .save({ ...record.snapshot(), pools })
      .then((saved) => {
        if (returns === this.#returns) this.#onWritten(global_step, saved);
      })
      .finally(() => {
        this.#writing = undefined;
      });
    this.#writing = writing;
    await untilAborted(within(PATIENCE, writing, late), signal);
  }

  #onWritten(step: number, saved: Saved): void {
    const { signal, emit } = this.#init;
    if (this.#isOver || signal.aborted) return;
    this.#savedStep = step;
    this.#isStored = true;
    this.#failing = false;
    emit({ type: 'save', ...saved });
  }

  /** Waits for the write in progress. Resolves with whether it has ended in time. Rejects with `signal.reason` when aborted. */
  async #written(): Promise<boolean> {
    const writing = this.#writing?.catch(() => {}); // `#store` has reported its error
    if (writing !== undefined)
      await untilAborted(
        within(PATIENCE, writing, late).catch(() => {}),
        this.#init.signal,
      );
    return this.#writing === undefined;
  }
}

function late(): WebVeraError {
  return new WebVeraError('timeout', "the browser's storage doesn't answer");
}
