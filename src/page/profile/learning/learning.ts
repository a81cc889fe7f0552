import { abortError } from '../../../core/async/abort';
import { WebVeraError } from '../../../core/errors/error';
import type { TrainOutput } from '../../../core/types/training';
import type { Release } from '../../rpc/store_locks';
import { checkOptions, readable } from '../../session/options';
import { abortSignal, anyObject, oneOf } from '../../session/rules';
import { splitData } from '../feedback/profile_data';
import { learnArguments } from '../open';
import { learningAlready, noExamples } from '../profile_errors';
import { forgotten } from '../storage/profile_storage';
import type { RunFacts, StoredRun, Unfinished } from '../storage/unfinished_run';
import { LEARN_METHODS, type LearnMethod, type LearnOptions } from '../types';
import { isInterruption, learn, METHODS } from './learn';
import { LearnRun } from './learn_run';
import type { LearningProfile } from './learning_profile';

/** The inputs of a run, and the function that releases the run's lock. */
interface Beginning {
  readonly unfinished: Unfinished;
  readonly resumes: boolean;
  readonly release: Release;
}

/** A run that an earlier page left unfinished and that resumed by itself. */
interface Resumed {
  readonly run: LearnRun;
  /**
   * The method of `learn` that joins the run. Undefined if the run resumed later than the profile was opened, or if its method has no
   * checkpoints: a new run then loses no progress, and includes the examples that were added since.
   */
  readonly joins: LearnMethod | undefined;
  /** Aborts the run: when the signal of the caller that joined it aborts, or when another `learn` replaces it. */
  readonly caller: AbortController;
}

const stepsRules = { method: oneOf(...LEARN_METHODS), args: anyObject, preferences: anyObject, ratings: anyObject };
const rules = { ...stepsRules, when: oneOf('now', 'idle'), signal: abortSignal };

/** Starts, resumes and ends the runs of one profile, one at a time. */
export class ProfileLearning {
  readonly #profile: LearningProfile;
  readonly #onChange: () => void;
  #run: LearnRun | undefined;
  /** The run in progress, if it resumed. Undefined once a call of `learn` has joined or replaced it. */
  #resumed: Resumed | undefined;
  /** Aborts the run in progress. */
  #ends = new AbortController();

  constructor(profile: LearningProfile, onChange: () => void) {
    this.#profile = profile;
    this.#onChange = onChange;
  }

  get run(): LearnRun | undefined {
    return this.#run;
  }

  learn(options: LearnOptions): LearnRun {
    const { method = 'train', signal, ...own } = readable(options);
    try {
      checkOptions('learn', options, rules);
      this.#profile.expectOpen();
      METHODS[method].expectUsable(this.#profile.host);
      learnArguments(this.#profile.state.settings, own); // a joined run ignores these arguments, but invalid ones still throw
      signal?.throwIfAborted();
      if (this.#resumed?.joins === method && !this.#resumed.run.isStopped) return this.#join(this.#resumed, signal);
    } catch (error) {
      return new LearnRun(() => Promise.reject(error));
    }
    const isBusy = this.#run !== undefined;
    return this.#start(signal, async (register) => {
      if (isBusy) await this.#replace(signal, register);
      return this.#begin(options);
    });
  }

  #join({ run, caller }: Resumed, signal: AbortSignal | undefined): LearnRun {
    signal?.addEventListener('abort', () => caller.abort(signal.reason), { once: true });
    this.#resumed = undefined;
    return run.joined();
  }

  /**
   * Waits until no run is in progress, then registers the new one. Aborts a run that `resumeUnfinished` started, and waits for a run that
   * was stopped or whose signal has aborted. Throws `invalid_argument` if any other run is in progress.
   */
  async #replace(signal: AbortSignal | undefined, register: () => void): Promise<void> {
    const { id } = this.#profile;
    for (let busy = this.#run; busy !== undefined; busy = this.#run) {
      if (!busy.isStopped) this.#resumed?.caller.abort(abortError(`Profile '${id}' learns anew`));
      this.#resumed = undefined;
      if (!busy.isStopped && !busy.signal?.aborted) throw learningAlready(id);
      await this.over(busy);
      signal?.throwIfAborted();
    }
    register();
  }

  /** Resolves with the number of steps of a `learn` with these options; 0 without examples. */
  async steps(options: Pick<LearnOptions, 'method' | 'args' | 'preferences' | 'ratings'>): Promise<number> {
    checkOptions('steps', options, stepsRules);
    const { method = 'train' } = options;
    const { host, id } = this.#profile;
    METHODS[method].expectUsable(host);
    const stored = await this.#profile.read('examples', 'feedback');
    if (stored === undefined) throw forgotten(id);
    const examples = splitData(this.#profile.data(stored));
    return METHODS[method].steps({ ...learnArguments(stored.state.settings, options), ...examples }, host);
  }

  /**
   * Resumes a run that a closed page left unfinished. If another tab holds the learning lock, resolves at once, and the run resumes when
   * that tab releases the lock.
   */
  async resumeUnfinished(): Promise<void> {
    if ((await this.#storedRun()) === undefined) return;
    const { storage, life } = this.#profile;
    const release = await storage.takeToLearn();
    if (release !== undefined) return this.#resume(release, { isLate: false });
    storage
      .waitToLearn(life)
      .then((late) => this.#resume(late, { isLate: true }))
      .catch(() => {}); // the profile was closed meanwhile, or the next `open` reports the error
  }

  /** Waits until a run has ended, whether it resolved or rejected. Default: the run in progress. */
  async over(run = this.#run): Promise<void> {
    await run?.then(
      () => {},
      () => {},
    );
  }

  /** Aborts the run in progress with `reason`. The run won't resume. */
  async end(reason: unknown): Promise<void> {
    while (this.#run !== undefined) {
      this.#ends.abort(reason);
      await this.over();
    }
  }

  async #resume(release: Release, { isLate }: { readonly isLate: boolean }): Promise<void> {
    try {
      const unfinished = await this.#readUnfinished();
      if (unfinished === undefined || !this.#profile.isOpen || this.#run !== undefined) return release();
      const caller = new AbortController();
      const run = this.#start(caller.signal, async () => ({ unfinished, resumes: true, release }));
      // An earlier page started the run, so perhaps nothing here awaits it: its rejection is handled. Code that awaits it gets the error.
      run.catch(() => {});
      const { method } = unfinished;
      this.#resumed = { run, joins: isLate || !METHODS[method].hasCheckpoints ? undefined : method, caller };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Reads the stored unfinished run, with the profile's current examples if the record holds none. */
  async #readUnfinished(): Promise<Unfinished | undefined> {
    const run = await this.#storedRun();
    if (run === undefined || 'learnt' in run) return run;
    const stored = await this.#profile.read('examples', 'feedback');
    return stored && { ...run, ...splitData(this.#profile.data(stored)) };
  }

  /**
   * Reads the record of an unfinished run, if there is one for the current vectors. A damaged record counts as none, because the vectors
   * don't depend on it.
   */
  async #storedRun(): Promise<StoredRun | undefined> {
    const stored = await this.#profile.read('unfinished');
    try {
      const unfinished = stored?.unfinished();
      return unfinished?.version === stored?.state.version ? unfinished : undefined;
    } catch (error) {
      if (error instanceof WebVeraError && error.code === 'storage_corrupt') return undefined;
      throw error;
    }
  }

  /**
   * Starts a run. Registers it at once as the profile's run in progress. If another run is in progress, `begin` waits for that run's end,
   * and then registers the new one by calling `register`.
   */
  #start(signal: AbortSignal | undefined, begin: (register: () => void) => Promise<Beginning>): LearnRun {
    const ends = new AbortController();
    const signals = [this.#profile.life, ends.signal, ...(signal === undefined ? [] : [signal])];
    const run = new LearnRun(async (own) => {
      const { release, ...beginning } = await begin(() => this.#register(own, ends));
      try {
        return await this.#learn(own, beginning, AbortSignal.any(signals));
      } finally {
        release();
      }
    }, signal);
    if (this.#run === undefined) this.#register(run, ends);
    return run;
  }

  #register(run: LearnRun, ends: AbortController): void {
    this.#run = run;
    this.#ends = ends;
    run.whenOver(() => {
      this.#run = this.#resumed = undefined;
      this.#onChange();
    });
    this.#onChange();
  }

  async #begin({ method = 'train', when = 'now', ...own }: LearnOptions): Promise<Beginning> {
    const profile = this.#profile;
    const release = await profile.takeToLearn();
    try {
      // Delete an earlier run's checkpoints, so that the new run doesn't resume from them.
      await profile.storage.deleteCheckpoints();
      let unfinished: Unfinished | undefined;
      await profile.change(
        (stored) => {
          const { settings, version } = stored.state;
          const examples = splitData(profile.data(stored));
          if (examples.learnt.length === 0) throw noExamples(profile.id);
          const facts: RunFacts = { version, method, ...learnArguments(settings, own), when, progress: null };
          unfinished = { ...facts, ...examples };
          const run = METHODS[method].hasCheckpoints ? unfinished : facts;
          return { state: stored.state, unfinished: settings.keep_examples ? run : null };
        },
        'examples',
        'feedback',
      );
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
      const output = await learn(this.#profile, unfinished, { run, resumes, signal });
      await storage.deleteCheckpoints().catch(() => {}); // the result is stored, and the next run deletes them
      return output;
    } catch (error) {
      const mayResume = host.isDisposed || isInterruption(error, host.link.ended);
      const isOver = this.#profile.isOpen ? !mayResume : this.#profile.isForgotten;
      if (isOver) await this.#abandon().catch(() => {}); // the first error is the one to report
      throw error;
    }
  }

  /** Deletes a stored unfinished run and its checkpoints, because the run is no longer wanted or can't succeed. */
  async #abandon(): Promise<void> {
    const { storage } = this.#profile;
    await storage.deleteCheckpoints();
    if (this.#profile.isOpen) await this.#profile.change(({ state }) => ({ state, unfinished: null }));
  }
}
