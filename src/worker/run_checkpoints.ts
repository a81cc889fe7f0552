import { WebVeraError } from '../core/error';
import type { JsonObject } from '../core/fields';
import type { RunSnapshot } from '../core/snapshot';
import type { ResolvedTrainingArguments } from '../core/training';
import type { Warn } from '../core/warning';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../formats/checkpoint';
import type { CheckpointStore, Place, StoredCheckpoint } from '../store/checkpoint_store';
import type { Checkpoints, Restored } from '../train/training_init';
import { type RunParts, runIdentity } from './run_identity';
import type { SessionKernels } from './session_kernels';
import { known } from './store_failures';

export interface CheckpointHost {
  readonly store: CheckpointStore;
  readonly kernels: SessionKernels;
  readonly warn: Warn;
}

export interface CheckpointedRun extends RunParts {
  readonly args: ResolvedTrainingArguments;
}

type Usable = Checkpoint & Place;

/** Arguments that change nothing about the numbers. */
const INERT: ReadonlySet<string> = new Set([
  'gradient_checkpointing',
  'logging_steps',
  'save_strategy',
  'save_steps',
  'whenHidden',
] satisfies (keyof ResolvedTrainingArguments)[]);

/** The checkpoints of one run. */
export class RunCheckpoints implements Checkpoints {
  readonly #host: CheckpointHost;
  readonly #run: CheckpointedRun;
  #identity: Promise<string> | undefined;
  #kernels: Checkpoint['kernels'] | undefined;
  /** Where the next save goes, once it is known: not where the last one lies. */
  #next: Place | undefined;

  constructor(host: CheckpointHost, run: CheckpointedRun) {
    this.#host = host;
    this.#run = run;
  }

  /**
   * The last one, if there is any that can be used; with a name that one, or `not_found`. From then on the session runs
   * the kernels that it was made with, unless it can't.
   */
  async restore(wanted: true | string): Promise<Restored | undefined> {
    const usable = await this.#usable();
    const name = ({ snapshot }: Usable): string => nameOf(snapshot);
    const chosen = wanted === true ? usable[0] : usable.find((checkpoint) => name(checkpoint) === wanted);
    if (chosen === undefined && wanted !== true) throw notFound(wanted, usable.map(name));
    if (chosen === undefined) return undefined;
    // What is later than this one is written over first.
    const last = usable[0] ?? chosen;
    this.#next = { slot: otherThan(chosen), seq: last.seq + 1 };
    this.#warnOfOthers(chosen.args);
    await this.#host.kernels.adopt(chosen.kernels);
    return { ...chosen.snapshot, checkpoint: name(chosen) };
  }

  async save(snapshot: RunSnapshot): Promise<string> {
    this.#kernels ??= await this.#host.kernels.current();
    const { args } = this.#run;
    const run = await this.#id();
    const bytes = writeCheckpoint({ run, snapshot, args: { ...args }, kernels: this.#kernels });
    this.#next ??= await this.#firstPlace();
    const { slot, seq } = this.#next;
    await known(this.#host.store.save(run, { slot, seq, bytes }));
    this.#next = { slot: otherThan(this.#next), seq: seq + 1 };
    return nameOf(snapshot);
  }

  /** The last one first. */
  async #usable(): Promise<readonly Usable[]> {
    const { store, warn } = this.#host;
    const run = await this.#id();
    const { found, damaged } = await known(store.load(run));
    const usable = found.flatMap((stored) => this.#read(stored, run) ?? []);
    if (damaged || usable.length < found.length) {
      const instead = usable[0] === undefined ? 'from the beginning' : `on from ${nameOf(usable[0].snapshot)}`;
      warn({ code: 'storage_corrupt', message: `A checkpoint can't be read: training goes ${instead}` });
    }
    return usable;
  }

  #read({ slot, seq, bytes }: StoredCheckpoint, run: string): Usable | undefined {
    try {
      const lengths = this.#run.adapters.map(({ layout }) => layout.length);
      const checkpoint = readCheckpoint(bytes, lengths);
      return checkpoint.run === run ? { ...checkpoint, slot, seq } : undefined;
    } catch (error) {
      if (error instanceof WebVeraError) return undefined;
      throw error;
    }
  }

  async #firstPlace(): Promise<Place> {
    const { found } = await known(this.#host.store.load(await this.#id()));
    const [last] = found;
    return last === undefined ? { slot: 0, seq: 0 } : { slot: otherThan(last), seq: last.seq + 1 };
  }

  #id(): Promise<string> {
    this.#identity ??= runIdentity(this.#run);
    return this.#identity;
  }

  #warnOfOthers(then: JsonObject): void {
    const others = Object.entries(this.#run.args).filter(([key, now]) => !INERT.has(key) && then[key] !== now);
    if (others.length === 0) return;
    const list = others.map(([key, now]) => `${key} ${now} (was ${JSON.stringify(then[key])})`).join(', ');
    const message = `The checkpoint was made with other arguments, and the run goes on with these: ${list}`;
    this.#host.warn({ code: 'other_arguments', message });
  }
}

function otherThan({ slot }: Place): Place['slot'] {
  return slot === 0 ? 1 : 0;
}

function nameOf({ progress }: RunSnapshot): string {
  return `checkpoint-${progress.global_step}`;
}

function notFound(wanted: string, there: readonly string[]): WebVeraError {
  const what = there.length === 0 ? 'there is none' : `there are ${there.join(' and ')}`;
  return new WebVeraError('not_found', `resume_from_checkpoint: expected a stored ${wanted}, but ${what}`, {
    hint: 'A checkpoint belongs to one model, adapter and data set, and the last two of a run are kept. Pass true for the last one, if any.',
    detail: { there },
  });
}
