import { abortError } from '../../../core/async/abort';
import { WebVeraError } from '../../../core/errors/error';
import type { Warn } from '../../../core/errors/warning';
import type { JsonObject } from '../../../core/input/fields';
import type { HeldName, Holder } from '../../../core/locks/held_name';
import type { TabLocks, TakeOptions } from '../../../core/locks/tab_locks';
import type { Saved } from '../../../core/types/run';
import type { RecordSnapshot, RunSnapshot } from '../../../core/types/snapshot';
import type { ResolvedTrainingArguments, TrainProgress } from '../../../core/types/training';
import { VERSION } from '../../../core/version';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../../formats/checkpoint';
import type { CheckpointStore, StoredCheckpoint } from '../../../store/checkpoint_store';
import { hasStalled } from '../../../train/evaluation';
import type { Checkpoints, Restored } from '../../../train/training_init';
import type { RunKernels } from '../../models/run_kernels';
import type { AnnounceNumbers } from '../../rpc/announce';
import { known } from '../../storage/store_failures';
import { after, anew, type CheckpointPlace, inOtherSlot } from './checkpoint_place';
import { partThatCounts, type RecordPart } from './record_part';
import { type RunParts, runIdentity } from './run_identity';

export interface CheckpointHost {
  readonly store: CheckpointStore;
  readonly locks: TabLocks;
  readonly warn: Warn;
  readonly announce?: AnnounceNumbers;
}

export interface CheckpointedRun extends RunParts {
  readonly args: ResolvedTrainingArguments;
  readonly kernels: RunKernels;
  /** Its functions are called when another tab asks for the run or has taken it over. */
  readonly holder?: Holder;
}

type Usable = Checkpoint & CheckpointPlace;

interface Choice {
  /** The checkpoints from which the run could resume, the latest first. */
  readonly usable: readonly Usable[];
  /** The checkpoint from which the run continues. */
  readonly chosen: Usable | undefined;
  /** The arguments that differ from those with which the chosen checkpoint was saved. */
  readonly others: readonly string[];
}

/** Arguments that don't affect the run's results. */
const INERT: ReadonlySet<string> = new Set([
  'gradient_checkpointing',
  'logging_steps',
  'save_strategy',
  'save_steps',
  'whenHidden',
  'keepAwake',
] satisfies (keyof ResolvedTrainingArguments)[]);

/** The checkpoints of one run. */
export class RunCheckpoints implements Checkpoints {
  readonly #host: CheckpointHost;
  readonly #run: CheckpointedRun;
  #identity: Promise<string> | undefined;
  /** The slot and sequence number of the next checkpoint, once they are known. The last checkpoint is in the other slot. */
  #next: CheckpointPlace | undefined;
  /** The step of the last checkpoint. If this step is saved again, the save overwrites the last checkpoint, not the one before it. */
  #lastStep: number | undefined;
  #lock: HeldName | undefined;
  /** The run's owner in the store; undefined if the run was never resumed or taken over. */
  #owner: string | undefined;
  /** Whether the lock was taken from a holder that may still write. */
  #wasTaken = false;
  #closed = false;

  constructor(host: CheckpointHost, run: CheckpointedRun) {
    this.#host = host;
    this.#run = run;
    // The run's identity is computed while kernels compile. If this fails, the first save reports the error.
    if (run.args.save_strategy !== 'no') this.#id().catch(() => {});
  }

  /** Takes the run's lock, even if another tab holds it. Rejects with `signal.reason` when aborted. */
  async takeOver(signal: AbortSignal): Promise<void> {
    await this.#hold(await this.#id(), { takesOver: true, signal });
  }

  /** Checks whether the run's lock is still held here. */
  async check(): Promise<void> {
    await this.#lock?.check();
  }

  /**
   * Returns the last checkpoint from which a run of `maxSteps` steps can resume, if any; with a name, that checkpoint,
   * else throws `not_found`. The run then uses the checkpoint's kernels, if the device still has them.
   */
  async restore(wanted: true | string, maxSteps: number): Promise<Restored | undefined> {
    const run = await this.#id();
    await this.#hold(run);
    const { usable, chosen, others } = await this.#choose(run, wanted, maxSteps);
    if (chosen === undefined) return undefined;
    // The run may have been cancelled, or its page frozen, while the checkpoints were read. Then another run may have the lock by now.
    await this.check();
    if (this.#closed) throw abortError('The run is over');
    this.#owner = await this.#own(run);
    // A checkpoint later than this one is overwritten first.
    this.#next = after(chosen, usable[0]?.seq ?? chosen.seq);
    this.#lastStep = chosen === usable[0] ? stepOf(chosen.snapshot) : undefined;
    if (others.length > 0) this.#warn('other_arguments', `${OTHER_ARGUMENTS}: ${others.join(', ')}`);
    this.#warnOfEnd(chosen, maxSteps);
    if (chosen.version !== VERSION) this.#warn('other_kernels', `${OTHER_VERSION} ${chosen.version}`);
    await this.#run.kernels.resume(chosen.kernels);
    const before = usable.find((other) => other.seq < chosen.seq && stepOf(other.snapshot) < stepOf(chosen.snapshot));
    const checkpoint = nameOf(chosen.snapshot);
    return { ...chosen.snapshot, checkpoint, before: before?.snapshot, hadOtherArguments: others.length > 0 };
  }

  /** Returns the state that `restore(true, maxSteps)` would choose. Takes no lock and changes nothing: another tab may train the run. */
  async last(maxSteps: number): Promise<RunSnapshot | undefined> {
    const { chosen } = await this.#choose(await this.#id(), true, maxSteps);
    return chosen?.snapshot;
  }

  async save(snapshot: RunSnapshot): Promise<Saved> {
    const { args, kernels } = this.#run;
    const { store } = this.#host;
    const run = await this.#id();
    await this.#hold(run);
    this.#next ??= anew((await known(store.load(run))).found);
    const step = stepOf(snapshot);
    const place = step === this.#lastStep ? inOtherSlot(this.#next) : this.#next;
    const checkpoint = { run, version: VERSION, snapshot, args: { ...args }, kernels: await kernels.choice() };
    const adapters = this.#run.adapters.map(({ name }) => name);
    if (this.#closed) throw abortError('The run is over');
    const { lanes = [snapshot] } = snapshot;
    // A run that was stopped hasn't ended: it may be resumed.
    const ended = lanes.every((lane) => isAtEnd(lane.progress) || hasStalled(args, lane.evaluation));
    const about = { ...place, adapters, step, ended };
    this.#host.announce?.(numbersOf(snapshot));
    await known(store.save(run, { ...about, bytes: writeCheckpoint(checkpoint) }, this.#owner)).catch((error) => {
      if (error instanceof WebVeraError && error.code === 'locked_by_other_tab') this.#lock?.lose();
      throw error;
    });
    this.#next = after(place, place.seq);
    this.#lastStep = step;
    return { checkpoint: nameOf(snapshot), durable: store.persistent };
  }

  /** Releases the run's lock, so that another run with this identity may save. */
  close(): void {
    this.#closed = true;
    this.#lock?.release();
  }

  async #choose(run: string, wanted: true | string, maxSteps: number): Promise<Choice> {
    const { found, damaged } = await known(this.#host.store.load(run));
    this.#next = anew(found);
    const bytes = found.reduce((sum, stored) => sum + stored.bytes.length, 0);
    this.#host.announce?.(bytes / 4);
    const usable = found.flatMap((stored) => this.#read(stored, run) ?? []);
    const chosen = wanted === true ? usable[0] : usable.find(({ snapshot }) => nameOf(snapshot) === wanted);
    this.#warnOfDamage(damaged || usable.length < found.length, chosen);
    if (chosen === undefined) {
      if (wanted === true) return { usable, chosen, others: [] };
      throw notFound(
        wanted,
        usable.map(({ snapshot }) => nameOf(snapshot)),
      );
    }
    const others = this.#otherArguments(chosen.args);
    const { global_step: done, max_steps: planned } = chosen.snapshot.progress;
    // A run that was stopped early hasn't ended, even if fewer steps are requested now.
    const hadEnded = done >= Math.max(planned, maxSteps);
    // A finished run isn't resumed with other arguments: the run starts anew.
    if (wanted === true && hadEnded && others.length > 0) return { usable, chosen: undefined, others };
    return { usable, chosen, others };
  }

  #id(): Promise<string> {
    this.#identity ??= runIdentity(this.#run);
    return this.#identity;
  }

  async #hold(run: string, options: TakeOptions = {}): Promise<void> {
    if (this.#lock !== undefined) return;
    const { locks, store } = this.#host;
    const { holder } = this.#run;
    const onLost = (): void => {
      this.#closed = true;
      holder?.onLost();
    };
    const lock = await locks.take(run, { ...options, holder: holder && { ...holder, onLost } });
    if (lock === undefined) {
      throw new WebVeraError('locked_by_other_tab', 'Another run of this adapter on this data is going on', {
        retryable: true,
        hint: 'It may be in another tab. Stop it there, wait until it ends, or pass take_over: true.',
      });
    }
    this.#lock = lock; // set before the store is read, so that `close` can release it during the read
    try {
      this.#wasTaken ||= lock.wasTaken;
      this.#owner = await (this.#wasTaken ? this.#own(run) : known(store.owner(run)));
    } catch (error) {
      this.#lock = undefined;
      lock.release();
      throw error;
    }
    if (this.#closed) lock.release();
  }

  /**
   * Makes this session the owner, so that saves of a frozen tab are rejected. If the disk is full, the owner can't be changed, and the run
   * trains anyway.
   */
  async #own(run: string): Promise<string | undefined> {
    return known(this.#host.store.own(run)).catch((error: unknown) => {
      if (error instanceof WebVeraError && error.code === 'storage_full') return known(this.#host.store.owner(run));
      throw error;
    });
  }

  #read({ slot, seq, training, bytes }: StoredCheckpoint, run: string): Usable | undefined {
    try {
      const lengths = this.#run.adapters.map(({ layout }) => layout.length);
      const { snapshot, ...checkpoint } = readCheckpoint(bytes, lengths);
      if (checkpoint.run !== run) return undefined;
      const { lanes } = snapshot;
      const counting = (record: RecordSnapshot): RecordPart => partThatCounts(record, checkpoint.args, this.#run.args);
      const counted = {
        ...counting(snapshot),
        ...(lanes && { lanes: lanes.map((lane) => ({ ...lane, ...counting(lane) })) }),
      };
      return { ...checkpoint, snapshot: { ...snapshot, ...counted }, slot, seq, training };
    } catch (error) {
      if (error instanceof WebVeraError) return undefined;
      throw error;
    }
  }

  #otherArguments(then: JsonObject): readonly string[] {
    // Arguments that didn't exist when the checkpoint was saved had no effect then.
    const others = Object.entries(this.#run.args).filter(
      ([key, now]) => !INERT.has(key) && key in then && JSON.stringify(then[key]) !== JSON.stringify(now),
    );
    return others.map(([key, now]) => `${key} ${JSON.stringify(now)} (was ${JSON.stringify(then[key])})`);
  }

  #warnOfDamage(isDamaged: boolean, chosen: Usable | undefined): void {
    if (!isDamaged) return;
    const instead =
      chosen === undefined ? 'there is no other to go on from' : `going on from ${nameOf(chosen.snapshot)}`;
    this.#warn('storage_corrupt', `A checkpoint of the run can't be read: ${instead}`);
  }

  /** Warns if the run has already done all steps that are requested now. As in transformers, it then ends at once. */
  #warnOfEnd({ snapshot }: Usable, maxSteps: number): void {
    const { global_step, max_steps } = snapshot.progress;
    if (global_step < maxSteps || global_step >= max_steps) return;
    const plan = `of ${max_steps} steps then, and of ${maxSteps} with the arguments of now`;
    const message = `The run was stopped at step ${global_step} ${plan}: it ends at once, with what it had learnt`;
    this.#warn('other_arguments', message);
  }

  #warn(code: string, message: string): void {
    this.#host.warn({ code, message });
  }
}

function numbersOf({ pools }: RunSnapshot): number {
  return pools.reduce((sum, { parameters }) => sum + 3 * parameters.length, 0);
}

const OTHER_ARGUMENTS = 'The checkpoint was made with other arguments, and the run goes on with these';
const OTHER_VERSION = 'The results may differ in their last bits from those of an unbroken run, as it began in webvera';

function isAtEnd({ global_step, max_steps }: TrainProgress): boolean {
  return global_step >= max_steps;
}

function nameOf(snapshot: RunSnapshot): string {
  return `checkpoint-${stepOf(snapshot)}`;
}

function stepOf({ progress }: RunSnapshot): number {
  return progress.global_step;
}

function notFound(wanted: string, there: readonly string[]): WebVeraError {
  const what = there.length === 0 ? 'there is none' : `there are ${there.join(' and ')}`;
  return new WebVeraError('not_found', `resume_from_checkpoint: expected a stored ${wanted}, but ${what}`, {
    hint: 'A checkpoint belongs to one model, adapter and data set, and the last two of a run are kept. Pass true for the last one, if any.',
    detail: { there },
  });
}
