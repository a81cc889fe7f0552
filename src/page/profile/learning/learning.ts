import { WebVeraError } from '../../../core/errors/error';
import type { TrainOutput } from '../../../core/types/training';
import type { Release } from '../../rpc/store_locks';
import { checkOptions, readable, wrong } from '../../session/options';
import { abortSignal, anyObject, oneOf } from '../../session/rules';
import { type NumberedExample, split } from '../examples/examples';
import type { ProfileHost } from '../host';
import { learnArguments } from '../open';
import { type Changes, forgotten, type ProfileStorage, type StoredProfile } from '../storage/profile_storage';
import { type ProfileState, type Unfinished, type Vectors, withRecord } from '../storage/record';
import { LEARN_METHODS, type LearnOptions } from '../types';
import { expectUsable, isInterruption, learn, learnSteps } from './learn';
import type { LearnContext } from './learn_method';
import { LearnRun } from './learn_run';

/** The inputs of a run, and the lock that it holds. */
interface Beginning {
  readonly unfinished: Unfinished;
  readonly resumes: boolean;
  readonly release: Release;
}

const stepsRules = { method: oneOf(...LEARN_METHODS), args: anyObject };
const rules = { ...stepsRules, when: oneOf('now', 'idle'), signal: abortSignal };

/** The profile that the runs belong to. */
export interface LearningProfile {
  readonly id: string;
  readonly host: ProfileHost;
  readonly storage: ProfileStorage;
  /** Aborts when the profile is closed or forgotten. */
  readonly life: AbortSignal;
  readonly state: ProfileState;
  /** The name of its adapter in the model. */
  readonly adapter: string;
  readonly isOpen: boolean;
  /** Whether it was closed because it was forgotten. */
  readonly isForgotten: boolean;
  expectOpen(): void;
  /** The stored profile; undefined if it was forgotten meanwhile. */
  read(): Promise<StoredProfile | undefined>;
  examples(stored: StoredProfile): readonly NumberedExample[];
  /** Changes the stored profile. If anything fails, nothing has changed. */
  change(body: (stored: StoredProfile) => Changes): Promise<void>;
  /** As `change`, with new vectors. */
  exchange(vectors: Vectors, body: (stored: StoredProfile) => Changes): Promise<void>;
  takeToLearn(): Promise<Release>;
}

/** The runs of one profile, one at a time. */
export class ProfileLearning {
  readonly #profile: LearningProfile;
  readonly #onChange: () => void;
  #run: LearnRun | undefined;
  /** Ends the run in progress. */
  #ends = new AbortController();

  constructor(profile: LearningProfile, onChange: () => void) {
    this.#profile = profile;
    this.#onChange = onChange;
  }

  get run(): LearnRun | undefined {
    return this.#run;
  }

  learn(options: LearnOptions): LearnRun {
    const busy = this.#run;
    return this.#start(readable(options).signal, async () => {
      checkOptions('learn', options, rules);
      this.#profile.expectOpen();
      if (busy === undefined) return this.#begin(options);
      throw new WebVeraError('invalid_argument', `Profile '${this.#profile.id}' is learning already`, {
        hint: 'The run is profile.learning: wait for it, or stop it.',
      });
    });
  }

  /** The steps of a `learn` with these options; 0 without examples. */
  async steps(options: Pick<LearnOptions, 'method' | 'args'>): Promise<number> {
    checkOptions('steps', options, stepsRules);
    const { method = 'train', args } = options;
    const { host, id } = this.#profile;
    expectUsable(method, host);
    const stored = await this.#profile.read();
    if (stored === undefined) throw forgotten(id);
    const { learnt } = split(this.#profile.examples(stored));
    return learnSteps(method, learnArguments(stored.state.settings, args), learnt.length, host);
  }

  /** Resumes a run that a closed page left unfinished. If another tab has resumed it, waits for that tab to close. */
  async resumeUnfinished(): Promise<void> {
    if ((await this.#readUnfinished()) === undefined) return;
    const { storage, life } = this.#profile;
    const release = await storage.takeToLearn();
    if (release !== undefined) return this.#resume(release);
    storage
      .waitToLearn(life)
      .then((late) => this.#resume(late))
      .catch(() => {}); // the profile was closed meanwhile, or the next one to open it reports the error
  }

  /** Waits until no run is in progress. */
  async over(): Promise<void> {
    await this.#run?.then(
      () => {},
      () => {},
    );
  }

  /** Ends the run in progress for good: it won't resume. */
  async end(reason: unknown): Promise<void> {
    while (this.#run !== undefined) {
      this.#ends.abort(reason);
      await this.over();
    }
  }

  async #resume(release: Release): Promise<void> {
    try {
      const unfinished = await this.#readUnfinished();
      if (unfinished === undefined || !this.#profile.isOpen || this.#run !== undefined) return release();
      this.#start(undefined, async () => ({ unfinished, resumes: true, release }));
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The unfinished run, if there is one. A damaged record counts as none, because the vectors don't depend on it. */
  async #readUnfinished(): Promise<Unfinished | undefined> {
    const stored = await this.#profile.read();
    try {
      const unfinished = stored?.unfinished();
      return unfinished?.version === stored?.state.version ? unfinished : undefined;
    } catch (error) {
      if (error instanceof WebVeraError && error.code === 'storage_corrupt') return undefined;
      throw error;
    }
  }

  #start(signal: AbortSignal | undefined, begin: () => Promise<Beginning>): LearnRun {
    const ends = new AbortController();
    const signals = [this.#profile.life, ends.signal, ...(signal === undefined ? [] : [signal])];
    const run = new LearnRun(async (own) => {
      const { release, ...beginning } = await begin();
      try {
        return await this.#learn(own, beginning, AbortSignal.any(signals));
      } finally {
        release();
      }
    });
    if (this.#run !== undefined) return run;
    this.#run = run;
    this.#ends = ends;
    const over = (): void => {
      this.#run = undefined;
      this.#onChange();
    };
    run.then(over, over);
    this.#onChange();
    return run;
  }

  async #begin({ method = 'train', args: own, when = 'now' }: LearnOptions): Promise<Beginning> {
    const profile = this.#profile;
    expectUsable(method, profile.host);
    const release = await profile.takeToLearn();
    try {
      // Delete an earlier run's checkpoints, so that the new run doesn't resume from them.
      await profile.storage.deleteCheckpoints();
      let unfinished: Unfinished | undefined;
      await profile.change((stored) => {
        const { settings, version } = stored.state;
        const examples = split(profile.examples(stored));
        if (examples.learnt.length === 0) {
          throw wrong('learn', 'a profile with examples', 'none', 'Add some by profile.add().');
        }
        const args = learnArguments(settings, own);
        unfinished = { version, method, args, when, ...examples, loss_before: null };
        return { state: stored.state, unfinished: settings.keep_examples ? unfinished : null };
      });
      if (unfinished === undefined) throw forgotten(profile.id);
      return { unfinished, resumes: false, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #learn(
    run: LearnRun,
    { unfinished, resumes }: Omit<Beginning, 'release'>,
    signal: AbortSignal,
  ): Promise<TrainOutput> {
    const { host, storage } = this.#profile;
    try {
      const output = await learn(this.#learner(), unfinished, { run, resumes, signal });
      await storage.deleteCheckpoints();
      return output;
    } catch (error) {
      const isOver = this.#profile.isOpen ? !isInterruption(error, host.link.ended) : this.#profile.isForgotten;
      if (isOver) await this.#abandon().catch(() => {}); // the first error is the one to report
      throw error;
    }
  }

  #learner(): LearnContext {
    const profile = this.#profile;
    const { id, host, adapter, state } = profile;
    return {
      id,
      host,
      adapter,
      vectors: state.vectors,
      isSolved: isSolved(state),
      measured: (unfinished) =>
        profile.change((stored) => ({
          state: stored.state,
          unfinished: stored.state.settings.keep_examples ? unfinished : null,
        })),
      async finish(record, better) {
        if (better !== undefined) {
          try {
            await profile.exchange(better, (stored) => ({
              state: { ...withRecord(stored.state, record), previous: stored.state.vectors },
              unfinished: null,
            }));
            return true;
          } catch (error) {
            // The new vectors are invalid for an adapter, so they aren't taken.
            if (!(error instanceof WebVeraError) || error.code !== 'invalid_format') throw error;
          }
        }
        const refused = { ...record, taken: false };
        await profile.change((stored) => ({ state: withRecord(stored.state, refused), unfinished: null }));
        return false;
      },
    };
  }

  /** Deletes an unfinished run that is unwanted or can't succeed. */
  async #abandon(): Promise<void> {
    const { storage } = this.#profile;
    await storage.deleteCheckpoints();
    if (this.#profile.isOpen) await this.#profile.change(({ state }) => ({ state, unfinished: null }));
  }
}

/** Vectors that were rolled back or imported count as others: their origin is unknown. */
function isSolved({ previous, history }: ProfileState): boolean {
  return previous !== null && (history.findLast(({ taken }) => taken)?.method ?? 'train') !== 'train';
}
