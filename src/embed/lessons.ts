import type { Profile, TrainingArguments, TrainOutput, TrainRun } from '../index';
import { isSameLesson, type LessonExamples, type LessonMark, markOf } from './examples_of';
import type { ElementSettings } from './settings';
import type { Visit } from './visit';

/** The lessons of an element, which its profile learns one after the other. */
export class Lessons {
  readonly #follow: (visit: Visit, run: TrainRun) => void;
  /** The last lesson that was added and isn't learnt yet. */
  #unlearnt: { readonly created_at: number; readonly mark: LessonMark } | undefined;
  /** Settles after the last lesson. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whether a call that solves for the head is queued. It will learn all examples that are added before it begins. */
  #isDue = false;
  #instant: TrainRun | undefined;
  /** The refinement in progress. */
  #refining: { readonly run: TrainRun; readonly controller: AbortController } | undefined;
  /** Drops the lessons that were given so far. */
  #dropping = new AbortController();
  /** The names of the model and the profile that were loaded last. */
  #owner: string | undefined;

  /** `follow` is called with each run as it begins. */
  constructor(follow: (visit: Visit, run: TrainRun) => void) {
    this.#follow = follow;
  }

  /** The last run that only solved for the head, which takes a moment. */
  get instant(): TrainRun | undefined {
    return this.#instant;
  }

  /** Aborts when the profile is forgotten, or another one is loaded. The lessons after that have another signal. */
  get signal(): AbortSignal {
    return this.#dropping.signal;
  }

  get canCancel(): boolean {
    return this.#refining !== undefined;
  }

  /** Adds examples, and trains. */
  teach(visit: Visit, examples: LessonExamples, args: TrainingArguments): Promise<TrainOutput> {
    return this.#inTurn(visit, async (profile) => {
      // A lesson that failed before was added then, so a retry doesn't add it again, also in a later visit.
      const { created_at } = profile.info;
      const mark = markOf(examples);
      const isThere = this.#unlearnt?.created_at === created_at && isSameLesson(this.#unlearnt.mark, mark);
      if (!isThere) await profile.add(examples);
      this.#unlearnt = { created_at, mark };
      // Another element may have started a run.
      const output = await whenFree(profile, async () => this.#learn(visit, profile, args));
      if (this.#unlearnt?.mark === mark) this.#unlearnt = undefined;
      return output;
    });
  }

  /** Trains on the profile's stored examples and opinions. */
  learn(visit: Visit, args: TrainingArguments): Promise<TrainOutput> {
    return this.#inTurn(visit, (profile) => this.#learn(visit, profile, args));
  }

  /** Adds a classifier's examples. Its head is solved for after the current run, which this call doesn't wait for. */
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
      this.#isDue = false; // the error of a run is reported by its follower
    });
  }

  /** Trains a classifier's vectors for longer. They replace the current ones unless they are clearly worse. */
  refine(visit: Visit): Promise<TrainOutput> {
    return this.#inTurn(visit, async (profile) => {
      const controller = new AbortController();
      const { signal } = controller;
      // The solved head stays as it is while vectors train.
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
   * Cancels the refinement in progress. Resolves with whether the profile stays as it was: false if the refinement has ended before, or
   * there is none.
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

  /** Forgets the lesson that failed, because the profile was replaced. */
  clear(): void {
    this.#unlearnt = undefined;
  }

  /** Drops the lessons that were given so far, because their profile is forgotten. */
  drop(): void {
    this.#dropping.abort(new DOMException('The profile of this lesson is gone', 'AbortError'));
    this.#dropping = new AbortController();
    this.#isDue = false;
    // Lessons of another profile don't wait for a run of this one.
    this.#last = Promise.resolve();
    this.clear();
  }

  /** Drops the lessons of another profile or model. */
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

  /** Runs a lesson after those before it, once the profile is free. */
  #inTurn<T>(visit: Visit, lesson: (profile: Profile) => Promise<T>): Promise<T> {
    const { signal } = this;
    const turn = this.#last.then(async () => {
      signal.throwIfAborted(); // before a forgotten profile is created again
      const profile = await visit.profileNow();
      return whenFree(profile, () => {
        visit.signal.throwIfAborted();
        signal.throwIfAborted();
        return lesson(profile);
      });
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Calls `body` once no run of the profile is in progress, at once, so that no other element of the profile begins a run before. */
async function whenFree<T>(profile: Profile, body: () => Promise<T>): Promise<T> {
  const ignore = (): void => {};
  while (profile.learning !== undefined) await profile.learning.then(ignore, ignore);
  return body();
}
