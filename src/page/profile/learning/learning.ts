import { WebVeraError } from '../../../core/errors/error';
import type { TrainOutput } from '../../../core/types/training';
import { abortSignal, anyObject, checkOptions, oneOf, readable, wrong } from '../../session/options';
import { type KeptExample, split } from '../examples/examples';
import type { ProfileHost } from '../host';
import { learnArguments } from '../open';
import type { Release } from '../storage/locks';
import { type ProfileState, type Unfinished, type Vectors, withRecord } from '../storage/record';
import { type Changes, forgotten, type ProfileShelf, type StoredProfile } from '../storage/shelf';
import type { LearnOptions } from '../types';
import { isInterruption, type Learner, learn } from './learn';
import { LearnRun } from './learn_run';

/** What a run goes by, and the lock that it holds. */
interface Beginning {
  readonly unfinished: Unfinished;
  readonly resumes: boolean;
  readonly release: Release;
}

const rules = { args: anyObject, when: oneOf('now', 'idle'), signal: abortSignal };

/** A profile whose runs these are. */
export interface LearningProfile {
  readonly id: string;
  readonly host: ProfileHost;
  readonly shelf: ProfileShelf;
  /** Aborts when the profile is no more. */
  readonly life: AbortSignal;
  readonly state: ProfileState;
  /** The name of its adapter in the model. */
  readonly adapter: string;
  readonly isOpen: boolean;
  /** Whether it is no more because there is nothing left of it. */
  readonly isForgotten: boolean;
  expectOpen(): void;
  /** What is stored, unless it was forgotten since. */
  read(): Promise<StoredProfile | undefined>;
  examples(stored: StoredProfile): readonly KeptExample[];
  /** Changes what is stored. Whatever fails, nothing has changed. */
  change(body: (stored: StoredProfile) => Changes): Promise<void>;
  /** As `change`, with other vectors. */
  exchange(vectors: Vectors, body: (stored: StoredProfile) => Changes): Promise<void>;
  takeToLearn(): Promise<Release>;
}

/** The runs of one profile, one at a time. */
export class ProfileLearning {
  readonly #profile: LearningProfile;
  readonly #onChange: () => void;
  #run: LearnRun | undefined;
  /** Ends that run. */
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
        hint: 'profile.learning is its run: wait for it, or stop it.',
      });
    });
  }

  /** Takes up a run that a closed page left behind; while another tab is at it, once that has closed. */
  async goOn(): Promise<void> {
    if ((await this.#left()) === undefined) return;
    const { shelf, life } = this.#profile;
    const release = await shelf.takeToLearn();
    if (release !== undefined) return this.#takeUp(release);
    shelf
      .waitToLearn(life)
      .then((late) => this.#takeUp(late))
      .catch(() => {}); // the profile was closed before, or the next one to open it tells
  }

  /** Resolves once nothing runs. */
  async over(): Promise<void> {
    await this.#run?.then(
      () => {},
      () => {},
    );
  }

  /** Ends what runs for good: it doesn't go on from what is left of it. */
  async end(reason: unknown): Promise<void> {
    while (this.#run !== undefined) {
      this.#ends.abort(reason);
      await this.over();
    }
  }

  async #takeUp(release: Release): Promise<void> {
    try {
      const unfinished = await this.#left();
      if (unfinished === undefined || !this.#profile.isOpen || this.#run !== undefined) return release();
      this.#start(undefined, async () => ({ unfinished, resumes: true, release }));
    } catch (error) {
      release();
      throw error;
    }
  }

  /** What is left of a run that was cut off. Where that can't be read there is none: the vectors are whole all the same. */
  async #left(): Promise<Unfinished | undefined> {
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

  async #begin({ args, when = 'now' }: LearnOptions): Promise<Beginning> {
    const profile = this.#profile;
    const release = await profile.takeToLearn();
    try {
      // What an earlier run left that nobody wants: the new one must not go on from it.
      await profile.shelf.deleteCheckpoints();
      let unfinished: Unfinished | undefined;
      await profile.change((stored) => {
        const { settings, version } = stored.state;
        const examples = split(profile.examples(stored));
        if (examples.learnt.length === 0) {
          throw wrong('learn', 'a profile with examples', 'none', 'Add some by profile.add().');
        }
        unfinished = { version, args: learnArguments(settings, args), when, ...examples, loss_before: null };
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
    const { host, shelf } = this.#profile;
    try {
      const output = await learn(this.#learner(), unfinished, { run, resumes, signal });
      await shelf.deleteCheckpoints();
      return output;
    } catch (error) {
      const isOver = this.#profile.isOpen ? !isInterruption(error, host.link.ended) : this.#profile.isForgotten;
      if (isOver) await this.#abandon().catch(() => {}); // the first error tells
      throw error;
    }
  }

  #learner(): Learner {
    const profile = this.#profile;
    const { id, host, adapter, state } = profile;
    return {
      id,
      host,
      adapter,
      vectors: state.vectors,
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
            // Vectors that no adapter may hold are none to take.
            if (!(error instanceof WebVeraError) || error.code !== 'invalid_format') throw error;
          }
        }
        const refused = { ...record, taken: false };
        await profile.change((stored) => ({ state: withRecord(stored.state, refused), unfinished: null }));
        return false;
      },
    };
  }

  /** A run that nobody wants any more, or that can't succeed. */
  async #abandon(): Promise<void> {
    const { shelf } = this.#profile;
    await shelf.deleteCheckpoints();
    if (this.#profile.isOpen) await this.#profile.change(({ state }) => ({ state, unfinished: null }));
  }
}
