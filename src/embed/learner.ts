import {
  type ChatMessage,
  type Files,
  type GeneratedText,
  type Generation,
  type GenerationConfig,
  type LabelScore,
  type PredictInput,
  type Session,
  type TrainingArguments,
  type TrainOutput,
  type TrainRun,
  WebVeraError,
} from '../index';
import { LazyGeneration, promptNow, textOf } from './lazy_generation';
import { Lessons } from './lessons/lessons';
import type { Lesson } from './public';
import { RunWatch } from './run_watch';
import { type ElementSettings, isSame } from './settings';
import { type Emit, Status } from './status';
import { isAbort, isFatal, isForgotten, isOfOneClass } from './trouble';
import { untilAborted } from './until_aborted';
import { Visit, type VisitListener, type VisitParts } from './visit';

/** The seed for generation if the page gives none, as in a model's `generate`. */
const DEFAULT_SEED = 42;

export interface LearnerParts extends VisitParts {
  /** Reads the element's settings. Throws if an attribute is invalid. */
  readonly settings: () => ElementSettings;
}

/** The element's behaviour without its user interface. `WebVeraElement` documents the methods. */
export class Learner {
  readonly status: Status;
  readonly #parts: LearnerParts;
  readonly #emit: Emit;
  readonly watch: RunWatch;
  #given: Session | undefined;
  /** The model and the profile that are loaded or loading. */
  visit: Visit | undefined;
  #loading: Promise<void> = Promise.resolve();
  #ended: Promise<unknown> = Promise.resolve(); // resolves when all former visits have ended
  readonly lessons = new Lessons((visit, run) => this.#follow(visit, run));

  constructor(parts: LearnerParts, emit: Emit) {
    this.#parts = parts;
    this.#emit = emit;
    this.status = new Status(emit, parts.models.facts);
    this.watch = new RunWatch(this.status, emit, (error) => {
      // A classifier can't learn from examples of a single label yet. This is expected, so it isn't reported as an error.
      if (!isOfOneClass(error)) this.#failed(this.visit, error);
    });
  }

  get session(): Session | undefined {
    return this.visit?.session ?? this.#given;
  }

  set session(session: Session | undefined) {
    if (this.visit !== undefined) {
      throw new WebVeraError('invalid_argument', '<web-vera>: expected session to be set before load()', {
        hint: 'Set it on an element that has no autoload, or before it is put into the page.',
      });
    }
    this.#given = session;
  }

  /** Whether the run in progress only solves for a classifier's head, which takes a moment. */
  get isInstant(): boolean {
    return this.watch.run !== undefined && this.watch.run === this.lessons.instant;
  }

  load(): Promise<void> {
    let settings: ElementSettings;
    try {
      settings = this.#parts.settings();
    } catch (error) {
      return Promise.reject(this.status.report(error, this.status.state === 'idle' ? 'failed' : undefined));
    }
    const before = this.visit;
    if (before !== undefined && isSame(before.settings, settings)) return this.#loading;
    const listener: VisitListener = {
      emit: this.#emit,
      onChange: () => this.#refresh(visit),
      onForgotten: () => this.#onForgotten(undefined),
      onError: (error) => this.#failed(visit, error),
      onClosed: () => void this.#giveUp(visit, new WebVeraError('worker_crashed', 'The session has ended')),
    };
    const visit = new Visit(settings, this.#parts, listener, before);
    // The new visit takes the place of the old one before anything is reported, because listeners may call any method.
    this.#drop();
    this.visit = visit;
    if (before !== undefined) this.#end(before, new DOMException('Another model or profile is loaded', 'AbortError'));
    this.#loading = this.#ended.then(() => this.#open(visit));
    this.#loading.catch(() => {}); // reported by an event
    this.lessons.keepFor(settings);
    if (before !== undefined) this.status.happen('left');
    this.status.clear();
    if (this.visit === visit) this.status.happen('load');
    return this.#loading;
  }

  teach(lesson: Lesson, args: TrainingArguments = {}): Promise<TrainOutput> {
    return this.#attempt(async (visit, current) => {
      const examples = await untilAborted(visit.examples(lesson, args), current);
      return this.lessons.teach(visit, examples, args);
    });
  }

  /** Adds examples for a classifier. The classifier learns from them at once, or as soon as the current run has ended. */
  label(lesson: Lesson): Promise<void> {
    return this.#attempt(async (visit, current) => {
      const examples = await untilAborted(visit.examples(lesson, {}), current);
      return this.lessons.label(visit, examples);
    });
  }

  /** Trains a classifier's vectors, which takes longer than `label`. */
  refine(): Promise<TrainOutput> {
    return this.#attempt((visit) => this.lessons.refine(visit));
  }

  generate(prompt: string | readonly ChatMessage[] | readonly number[], config: GenerationConfig = {}): Generation {
    const { signal, seed = DEFAULT_SEED } = config;
    const given = promptNow(prompt);
    const begun = this.#attempt((visit) => visit.generate(given, { ...config, seed }), signal);
    return new LazyGeneration(begun, { prompt: given, seed });
  }

  /** Stores the visitor's rating of a text. */
  rate(rated: Generation | GeneratedText | string, rating: 1 | -1 | 0): Promise<number> {
    return this.#attempt(async (visit) => {
      const count = await (await visit.profileNow()).rate(rated, rating);
      visit.tell('rated', { ...(await textOf(rated)), rating });
      return count;
    });
  }

  /** Stores the visitor's own text in place of a generated one. */
  correct(generation: Generation | GeneratedText | string, text: string): Promise<number> {
    return this.#attempt(async (visit) => {
      const count = await (await visit.profileNow()).correct(generation, text);
      visit.tell('corrected', { ...(await textOf(generation)), text });
      return count;
    });
  }

  /** Trains on the profile's stored examples and feedback. */
  learn(args: TrainingArguments = {}): Promise<TrainOutput> {
    return this.#attempt((visit) => this.lessons.learn(visit, args));
  }

  predict(input: PredictInput): Promise<readonly LabelScore[]> {
    return this.#attempt((visit) => visit.predict(input));
  }

  async pause(): Promise<void> {
    await this.watch.run?.pause();
  }

  async resume(): Promise<void> {
    await this.watch.run?.resume();
  }

  async stop(): Promise<TrainOutput | undefined> {
    if (this.status.state === 'loading') await this.leave('Loading was stopped');
    return this.watch.run?.stop();
  }

  export(): Promise<ReadonlyMap<string, Blob>> {
    return this.#attempt(async (visit) => (await visit.profileNow()).export());
  }

  import(files: Files): Promise<void> {
    return this.#attempt((visit) => this.lessons.replace(visit.replace(files)));
  }

  rollback(): Promise<void> {
    return this.#attempt(async (visit) => (await visit.profileNow()).rollback());
  }

  async forget(): Promise<{ bytes: number }> {
    this.status.clear();
    this.lessons.drop();
    const { signal } = this.lessons;
    try {
      const gone = await this.#forget();
      if (!signal.aborted) this.#onForgotten(gone.bytes);
      return gone;
    } catch (error) {
      throw this.#failed(this.visit, error);
    }
  }

  /** Stops all work, and releases the model and the profile. */
  async leave(why: string): Promise<void> {
    const visit = this.visit;
    if (visit === undefined) return;
    this.#drop();
    const ending = this.#end(visit, new DOMException(why, 'AbortError'));
    this.status.happen('left');
    await ending;
  }

  async #open(visit: Visit): Promise<void> {
    try {
      visit.signal.throwIfAborted();
      await visit.open(this.#given);
      visit.signal.throwIfAborted();
    } catch (error) {
      if (visit.signal.aborted) throw visit.signal.reason;
      throw await this.#giveUp(visit, error);
    }
    this.status.happen('loaded');
    if (this.visit !== visit) return; // a listener has ended or replaced the visit
    this.#emit('ready', undefined);
    this.#refresh(visit);
  }

  async #forget(): Promise<{ bytes: number }> {
    const visit = this.visit;
    const { profile } = visit?.settings ?? this.#parts.settings();
    const session = this.session ?? (await this.#parts.openSession({}));
    return visit?.forget(session) ?? this.#parts.profiles.forget(profile, { session });
  }

  /** Follows a run of the profile that an earlier visit to the page or another element started. */
  #refresh(visit: Visit): void {
    if (this.visit !== visit || this.status.state === 'loading') return;
    const { learning } = visit.profile ?? {};
    if (learning !== undefined) this.#follow(visit, learning);
    this.#emit('change', undefined);
  }

  #follow(visit: Visit, run: TrainRun): void {
    if (this.visit === visit) void this.watch.follow(run);
  }

  #onForgotten(bytes: number | undefined): void {
    if (bytes === undefined) this.lessons.drop(); // forgotten in another tab
    this.watch.drop();
    this.status.happen('learnt');
    this.status.forget(bytes);
  }

  /**
   * Runs an action, after loading the model and profile if necessary. Reports errors and rethrows them. `current`: see `Lessons.signal`.
   */
  async #attempt<T>(action: (visit: Visit, current: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    let loading = this.visit === undefined ? this.load() : this.#loading;
    const { signal: current } = this.lessons;
    await untilAborted(loading, signal);
    while (loading !== this.#loading) {
      loading = this.#loading; // another visit has taken the place of the loaded one
      await untilAborted(loading, signal);
    }
    const visit = this.visit;
    if (visit === undefined) throw new DOMException('What was loaded is gone', 'AbortError');
    current.throwIfAborted();
    this.status.clear();
    try {
      return await action(visit, current);
    } catch (error) {
      throw signal?.aborted ? error : this.#failed(visit, error);
    }
  }

  /** Reports an error. If the error made the model unusable, releases the model and the profile. Returns the reason to reject with. */
  #failed(visit: Visit | undefined, error: unknown): unknown {
    if (visit?.signal.aborted) return visit.signal.reason;
    if (isAbort(error) || (visit !== undefined && isForgotten(error))) return error;
    // A run in progress recovers by itself, together with its model.
    const isOver = visit !== undefined && isFatal(error) && visit.profile?.learning === undefined;
    if (!isOver) return this.status.report(error);
    void this.#giveUp(visit, error);
    return error;
  }

  /** Reports an error, and releases the model and the profile. Listeners of the error may load again at once. */
  async #giveUp(visit: Visit, error: unknown): Promise<WebVeraError> {
    this.#drop();
    const ending = this.#end(visit, error);
    const known = this.status.report(error, 'failed');
    await ending;
    return known;
  }

  /** Ends a visit. The next one opens after that, even if a listener of what is reported now loads it. */
  #end(visit: Visit, reason: unknown): Promise<unknown> {
    this.#ended = Promise.all([this.#ended, visit.end(reason, { broken: isFatal(reason) })]);
    return this.#ended;
  }

  #drop(): void {
    this.visit = undefined;
    this.watch.drop();
  }
}
