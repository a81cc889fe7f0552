import { WebVeraError } from '../../core/error';
import type { TrainOutput } from '../../core/training';
import { abortSignal, anyObject, checkOptions, oneOf, wrong } from '../options';
import { split } from './examples';
import { isInterruption, type Learner, learn } from './learn';
import { LearnRun } from './learn_run';
import type { Release } from './locks';
import { learnArguments } from './open';
import type { OpenProfile } from './open_profile';
import type { Learning } from './record';
import { forgotten } from './shelf';
import type { LearnOptions } from './types';

/** What a run goes by, and the lock that it holds. */
interface Beginning {
  readonly learning: Learning;
  readonly resumes: boolean;
  readonly release: Release;
}

const rules = { args: anyObject, when: oneOf('now', 'idle'), signal: abortSignal };

/** The runs of one profile, one at a time. */
export class ProfileLearning {
  readonly #profile: OpenProfile;
  readonly #onChange: () => void;
  #run: LearnRun | undefined;

  constructor(profile: OpenProfile, onChange: () => void) {
    this.#profile = profile;
    this.#onChange = onChange;
  }

  get run(): LearnRun | undefined {
    return this.#run;
  }

  learn(options: LearnOptions): LearnRun {
    const busy = this.#run;
    return this.#start(options.signal, async () => {
      checkOptions('learn', options, rules);
      if (busy === undefined) return this.#begin(options);
      throw new WebVeraError('invalid_argument', `Profile '${this.#profile.id}' is learning already`, {
        hint: 'profile.learning is its run: wait for it, or stop it.',
      });
    });
  }

  /** Takes up a run that a closed page left behind; while another tab is at it, once that has closed. */
  async goOn(): Promise<void> {
    if ((await this.#pending()) === undefined) return;
    const { shelf, life } = this.#profile;
    const release = await shelf.takeToLearn();
    if (release !== undefined) return this.#takeUp(release);
    shelf
      .waitToLearn(life)
      .then((late) => this.#takeUp(late))
      .catch(() => {}); // the profile was closed before
  }

  /** Resolves once nothing runs. */
  async over(): Promise<void> {
    await this.#run?.then(
      () => {},
      () => {},
    );
  }

  async #takeUp(release: Release): Promise<void> {
    const learning = await this.#pending();
    if (learning === undefined || this.#profile.life.aborted) release();
    else this.#start(undefined, async () => ({ learning, resumes: true, release }));
  }

  /** What is left of a run that was cut off. Where that can't be read there is none: the vectors are whole all the same. */
  async #pending(): Promise<Learning | undefined> {
    const stored = await this.#profile.read();
    try {
      const learning = stored?.learning();
      return learning?.version === stored?.state.version ? learning : undefined;
    } catch (error) {
      if (error instanceof WebVeraError && error.code === 'storage_corrupt') return undefined;
      throw error;
    }
  }

  #start(signal: AbortSignal | undefined, begin: () => Promise<Beginning>): LearnRun {
    const run = new LearnRun(async (own) => {
      const { release, ...beginning } = await begin();
      try {
        return await this.#learn(own, beginning, signal);
      } finally {
        release();
      }
    });
    if (this.#run !== undefined) return run;
    this.#run = run;
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
      let learning: Learning | undefined;
      await profile.change((stored) => {
        const { settings, version } = stored.state;
        const examples = split(profile.examples(stored));
        if (examples.learn.length === 0) {
          throw wrong('learn', 'a profile with examples', 'none', 'Add some by profile.add().');
        }
        learning = { version, args: learnArguments(settings, args), when, ...examples, loss_before: null };
        return { state: stored.state, learning: settings.keep_examples ? learning : null };
      });
      if (learning === undefined) throw forgotten(profile.id);
      // What an earlier run left that nobody wants.
      await profile.shelf.deleteCheckpoints();
      return { learning, resumes: false, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #learn(
    run: LearnRun,
    { learning, resumes }: Omit<Beginning, 'release'>,
    signal: AbortSignal | undefined,
  ): Promise<TrainOutput> {
    const { life, host, shelf } = this.#profile;
    const ends = AbortSignal.any(signal === undefined ? [life] : [life, signal]);
    try {
      const output = await learn(this.#learner(learning), learning, { run, resumes, signal: ends });
      await shelf.deleteCheckpoints();
      return output;
    } catch (error) {
      const goesOn = life.aborted || isInterruption(error, host.link.state);
      // The first error tells.
      if (this.#profile.isForgotten) await shelf.deleteCheckpoints().catch(() => {});
      else if (!goesOn) await this.#abandon().catch(() => {});
      throw error;
    }
  }

  #learner(learning: Learning): Learner {
    const profile = this.#profile;
    const { id, host, adapter, state } = profile;
    return {
      id,
      host,
      adapter,
      vectors: state.vectors,
      measured: (loss_before) =>
        profile.change((stored) => ({
          state: stored.state,
          learning: stored.state.settings.keep_examples ? { ...learning, loss_before } : null,
        })),
      finish: (record, taken) =>
        profile.change(({ state: { history, vectors, version, ...rest } }) => ({
          state: {
            ...rest,
            history: [...history, record],
            ...(taken === undefined
              ? { vectors, version }
              : { vectors: taken, version: version + 1, previous: vectors }),
          },
          learning: null,
        })),
    };
  }

  /** A run that nobody wants any more, or that can't succeed. */
  async #abandon(): Promise<void> {
    await this.#profile.change(({ state }) => ({ state, learning: null }));
    await this.#profile.shelf.deleteCheckpoints();
  }
}
