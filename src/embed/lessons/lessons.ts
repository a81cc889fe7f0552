import type { Profile, TrainingArguments, TrainOutput, TrainRun } from '../../index';
import type { ElementSettings } from '../settings';
import type { Visit } from '../visit';
import { isSameLesson, type LessonExamples, type LessonMark, markOf } from './examples_of';

/** The queue of an element's lessons. A lesson is a run of the element's profile on new or stored examples; one runs at a time. */
export class Lessons {
  readonly #follow: (visit: Visit, run: TrainRun) => void;
  /** The last lesson whose examples were added to the profile, but which hasn't been learnt yet. */
  #unlearnt: { readonly created_at: number; readonly mark: LessonMark } | undefined;
  /** Settles when the last queued lesson has ended. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whether a run that solves for a classifier's head is queued. It will learn all examples that are added before it begins. */
  #isDue = false;
  #instant: TrainRun | undefined;
  /** The run in progress that trains a classifier's vectors (`refine`). */
  #refining: { readonly run: TrainRun; readonly controller: AbortController } | undefined;
  /** The import in progress that replaces the profile, for which lessons wait. */
  #replacing: Promise<void> | undefined;
  /** Aborts the lessons that were queued so far. */
  #dropping = new AbortController();
  /** The model's source and the profile's name that were loaded last, as JSON. */
  #owner: string | undefined;

  /** `follow` is called with each run as it begins. */
  constructor(follow: (visit: Visit, run: TrainRun) => void) {
    this.#follow = follow;
  }

  /** The run in progress that only solves for the head, which takes a moment; undefined if there is none. */
  get instant(): TrainRun | undefined {
    return this.#instant;
  }

  /** Aborts when the profile is forgotten or replaced, or when another one is loaded. Later lessons have another signal. */
  get signal(): AbortSignal {
    return this.#dropping.signal;
  }

  get canCancel(): boolean {
    return this.#refining !== undefined;
  }

  /** Adds examples to the profile, and trains on its data. */
  teach(visit: Visit, examples: LessonExamples, args: TrainingArguments): Promise<TrainOutput> {
    const { signal } = this;
    return this.#inTurn(visit, async (profile) => {
      // If the last lesson was added but its training failed, a retry doesn't add it again, not even in a later visit.
      const { created_at } = profile.info;
      const mark = markOf(examples);
      const isThere = this.#unlearnt?.created_at === created_at && isSameLesson(this.#unlearnt.mark, mark);
      if (!isThere) await profile.add(examples);
      signal.throwIfAborted();
      this.#unlearnt = { created_at, mark };
      // Another element may have started a run meanwhile.
      const output = await this.#whenFree(profile, () => {
        signal.throwIfAborted();
        return this.#learn(visit, profile, args);
      });
      if (this.#unlearnt?.mark === mark) this.#unlearnt = undefined;
      return output;
    });
  }

  /** Trains on the profile's stored examples and feedback. */
  learn(visit: Visit, args: TrainingArguments): Promise<TrainOutput> {
    return this.#inTurn(visit, (profile) => this.#learn(visit, profile, args));
  }

  /** Adds examples for a classifier, and queues a run that solves for its head. The call doesn't wait for that run. */
  async label(visit: Visit, examples: LessonExamples): Promise<void> {
    const { signal } = this;
    const profile = await visit.profileNow();
    await profile.add(examples);
    signal.throwIfAborted();
    if (this.#isDue) return;
    this.#isDue = true;
    const solved = this.#inTurn(visit, async (current) => {
      this.#isDue = false;
      const run = current.learn({ method: 'instant' });
      this.#instant = run;
      this.#follow(visit, run);
      try {
        await run;
      } finally {
        if (this.#instant === run) this.#instant = undefined;
      }
    });
    solved.catch(() => {
      this.#isDue = false; // `follow` reports the error of the run
    });
  }

  /** Trains a classifier's vectors (the method 'refine'). They replace the current vectors unless they are clearly worse. */
  refine(visit: Visit): Promise<TrainOutput> {
    return this.#inTurn(visit, async (profile) => {
      const controller = new AbortController();
      const { signal } = controller;
      // The solved head doesn't change while the vectors are trained.
      const run = profile.learn({ method: 'refine', args: { headLearningRate: 0 }, signal });
      this.#refining = { run, controller };
      try {
        this.#follow(visit, run);
        return await run;
      } finally {
        if (this.#refining?.run === run) this.#refining = undefined;
      }
    });
  }

  /**
   * Cancels the run of `refine` in progress. Resolves with true if the profile is therefore unchanged, and with false if the run had
   * already ended or there is none.
   */
  async cancel(): Promise<boolean> {
    if (this.#refining === undefined) return false;
    const { run, controller } = this.#refining;
    controller.abort();
    return run.then(
      () => false,
      () => true,
    );
  }

  /** Drops all queued lessons once an import has replaced the profile. If the import fails, the lessons stay in the queue. */
  replace(replaced: Promise<void>): Promise<void> {
    const replacing = replaced
      .then(() => this.drop())
      .finally(() => {
        if (this.#replacing === replacing) this.#replacing = undefined;
      });
    this.#replacing = replacing;
    return replacing;
  }

  /** Drops all queued lessons, because their profile is forgotten, an import has replaced it, or another one is loaded. */
  drop(): void {
    this.#dropping.abort(new DOMException('The profile of this lesson is gone', 'AbortError'));
    this.#dropping = new AbortController();
    this.#isDue = false;
    // Lessons for another profile don't wait for a run of this one.
    this.#last = Promise.resolve();
    this.#unlearnt = undefined;
  }

  /** Drops all queued lessons if they are for a model or profile other than the one in these settings. */
  keepFor({ source, profile }: ElementSettings): void {
    const owner = JSON.stringify([source, profile]);
    if (owner !== this.#owner) this.drop();
    this.#owner = owner;
  }

  #learn(visit: Visit, profile: Profile, args: TrainingArguments): TrainRun {
    const run = profile.learn({ args });
    this.#follow(visit, run);
    return run;
  }

  /** Runs a lesson after all earlier ones, as soon as no run of the profile is in progress. */
  #inTurn<T>(visit: Visit, lesson: (profile: Profile) => Promise<T>): Promise<T> {
    const { signal } = this;
    const turn = this.#last.then(async () => {
      signal.throwIfAborted(); // otherwise, `profileNow` would create a forgotten profile again
      const profile = await visit.profileNow();
      return this.#whenFree(profile, () => {
        visit.signal.throwIfAborted();
        signal.throwIfAborted();
        return lesson(profile);
      });
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Waits until no run of the profile is in progress, then calls `body` immediately, before another element can begin a run. */
  async #whenFree<T>(profile: Profile, body: () => PromiseLike<T>): Promise<T> {
    const ignore = (): void => {};
    for (;;) {
      const busy: PromiseLike<unknown> | undefined = profile.learning ?? this.#replacing;
      if (busy === undefined) return body();
      await busy.then(ignore, ignore);
    }
  }
}
