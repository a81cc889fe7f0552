import type {
  ClassifierOptions,
  Files,
  Generation,
  GenerationConfig,
  LabelScore,
  ModelSource,
  PredictInput,
  PreTrainedModel,
  PretrainedOptions,
  Profile,
  Session,
  TrainingArguments,
} from '../index';
import { WebVeraError } from '../index';
import type { Boxed } from './lazy_generation';
import { examplesOf, type LessonExamples, labelledExamples } from './lessons/examples_of';
import type { Lesson } from './public';
import type { ElementSettings, ElementTask } from './settings';
import type { Lease, SharedModels } from './shared_models';
import type { Emit, ReportDetails } from './status';
import { isFatal } from './trouble';
import { untilAborted } from './until_aborted';

/** The functions and shared models that a visit needs. */
export interface VisitParts {
  readonly deviceTrouble: (hasLostGpu: boolean) => Promise<WebVeraError | undefined>;
  readonly openSession: (options: { readonly signal?: AbortSignal }) => Promise<Session>;
  /** The functions that load a model, by task. */
  readonly load: Readonly<
    Record<ElementTask, (source: ModelSource, options: ClassifierOptions) => Promise<PreTrainedModel>>
  >;
  readonly models: SharedModels;
  readonly profiles: Pick<typeof Profile, 'open' | 'forget'>;
}

export interface VisitListener {
  readonly emit: Emit;
  /** Called when the profile, its training run or the session's state has changed, or the session has a warning. */
  onChange(): void;
  /** Called when the profile was forgotten in another tab. */
  onForgotten(): void;
  /** Called when a generation has failed. */
  onError(error: unknown): void;
  /** Called when the session ended unexpectedly. */
  onClosed(): void;
}

/**
 * A visit lasts from `load` until the model is released. It holds a model, which other elements may share, and a profile for that model.
 */
export class Visit {
  readonly settings: ElementSettings;
  readonly #parts: VisitParts;
  readonly #listener: VisitListener;
  readonly #life = new AbortController();
  #session: Session | undefined;
  /** The request for the model's lease; undefined before the request and after the release. */
  #taking: Promise<Lease> | undefined;
  #lease: Lease | undefined;
  #profile: Profile | undefined;
  /** The profile that is being opened. */
  #opening: Promise<Profile> | undefined;
  /** Resolves once the last deletion of the profile is finished. The profile is opened again only after that, and is then empty. */
  #gone: Promise<unknown> = Promise.resolve();

  /** `former`: the visit that this one replaces. If both visits use the same model, the model stays loaded. */
  constructor(settings: ElementSettings, parts: VisitParts, listener: VisitListener, former?: Visit) {
    this.settings = settings;
    this.#parts = parts;
    this.#listener = listener;
    if (former?.session !== undefined && modelKey(former.settings) === modelKey(settings)) this.#take(former.session);
  }

  get signal(): AbortSignal {
    return this.#life.signal;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get model(): PreTrainedModel | undefined {
    return this.#lease?.model;
  }

  /** The profile; undefined until it is opened, and after it was forgotten. */
  get profile(): Profile | undefined {
    return this.#profile;
  }

  /** Reports an event, unless the visit has ended. */
  tell<Type extends keyof ReportDetails>(type: Type, detail: ReportDetails[Type]): void {
    if (!this.signal.aborted) this.#listener.emit(type, detail);
  }

  /** Loads the model and opens the profile. Rejects with the signal's reason if the visit ends first. */
  async open(given: Session | undefined): Promise<void> {
    const { signal } = this;
    const { deviceTrouble, openSession, models } = this.#parts;
    const trouble = await deviceTrouble(models.facts.hasLostGpu);
    signal.throwIfAborted();
    if (trouble !== undefined) throw trouble;
    const session = given ?? (await openSession({ signal }));
    const onState = (): void => {
      if (session.state === 'closed') this.#listener.onClosed();
      else this.#listener.onChange();
    };
    session.addEventListener('statechange', onState, { signal });
    models.facts.hear(session);
    session.addEventListener('warning', () => this.#listener.onChange(), { signal });
    const former = this.#taking;
    try {
      await this.#openOver(former ?? this.#take(session));
    } catch (error) {
      const isLoaded = this.model !== undefined; // false once the visit has ended
      if (former === undefined || !isLoaded) throw error;
      // The former visit's model may be lost or disposed of, or have adapters of another kind, so it is loaded again.
      await this.#release({ broken: isFatal(error) });
      await this.#openOver(this.#take(session));
    }
  }

  /** Returns the profile, and opens it first if necessary. A forgotten profile is created again. */
  profileNow(): Promise<Profile> {
    if (this.#profile !== undefined) return Promise.resolve(this.#profile);
    const { profile: id, peft_config } = this.settings;
    const options = { peft_config, args: this.#args, signal: this.signal };
    const open = (): Promise<Profile> => this.#parts.profiles.open(this.#expectModel(), id, options);
    this.#opening ??= this.#adopt(this.#gone.then(open));
    return this.#opening;
  }

  /** Continues a prompt with the profile, until the visit ends. */
  async generate(prompt: Generation['prompt'], config: GenerationConfig): Promise<Boxed> {
    const signal = config.signal ? AbortSignal.any([this.signal, config.signal]) : this.signal;
    const profile = await untilAborted(this.profileNow(), signal);
    const generation = profile.generate(prompt, { ...config, signal });
    this.#tellTokens(generation).catch((error: unknown) => {
      if (!signal.aborted) this.#listener.onError(error);
    });
    return { generation };
  }

  async predict(input: PredictInput): Promise<readonly LabelScore[]> {
    const { signal } = this;
    return (await this.profileNow()).predict(input, { signal });
  }

  /** Converts a lesson (a text, a file or examples) into examples that the model can learn from. */
  async examples(
    lesson: Lesson,
    { max_length = this.settings.max_length }: TrainingArguments,
  ): Promise<LessonExamples> {
    if (this.settings.task !== 'causal-lm') return labelledExamples(lesson);
    const { tokenizer, config } = this.#expectModel();
    const { max_position_embeddings, n_positions } = config;
    const limits = [max_length, max_position_embeddings, n_positions].filter((limit) => typeof limit === 'number');
    return examplesOf(lesson, Math.min(...limits), async (text) => {
      if (tokenizer !== undefined) return (await tokenizer.encode(text)).length;
      throw new WebVeraError('invalid_argument', 'teach: text needs a tokenizer, and the model has none', {
        hint: 'Serve tokenizer.json beside the model, or pass examples of token ids.',
      });
    });
  }

  /** Replaces the profile by exported files. Changes nothing once the visit has ended. */
  async replace(files: Files): Promise<void> {
    const profile = await this.profileNow();
    // Uses the same settings as `profileNow`, so that files which the next visit couldn't open are rejected.
    const { peft_config } = this.settings;
    await profile.replace(files, { peft_config, args: this.#args, signal: this.signal });
  }

  /** Forgets the profile, without waiting for the model. If the profile isn't open, `session` deletes its files. */
  async forget(session: Session): Promise<{ bytes: number }> {
    await this.#opening?.catch(() => {}); // a half-open profile has already read the files
    const open = this.#profile;
    this.#profile = undefined; // later calls create the profile again, once it is deleted
    const gone =
      open === undefined
        ? this.#gone.then(() => this.#parts.profiles.forget(this.settings.profile, { session }))
        : open.forget();
    this.#gone = gone.catch(() => {});
    return gone;
  }

  /**
   * Releases the profile and the model. A training run in progress is stored, and resumes when the profile is next opened. `broken` means
   * that other elements can't use the model any more, either.
   */
  async end(reason: unknown, options: { readonly broken?: boolean } = {}): Promise<void> {
    this.#life.abort(reason);
    const profile = this.#profile;
    this.#profile = undefined;
    this.#lease = undefined;
    await profile?.dispose().catch(() => {}); // if the session has ended, nothing is left to free
    await this.#release(options);
  }

  #take(session: Session): Promise<Lease> {
    this.#session = session;
    const { signal, settings } = this;
    const { dtype } = settings;
    this.#taking = this.#parts.models.take(
      session,
      modelKey(settings),
      (handling) => this.#load({ session, ...(dtype && { dtype }), ...handling }),
      { signal, progress_callback: (info) => this.tell('progress', info) },
    );
    this.#taking.catch(() => {}); // reported by `open`
    return this.#taking;
  }

  async #openOver(taking: Promise<Lease>): Promise<void> {
    const lease = await taking;
    this.signal.throwIfAborted(); // `end` releases the model
    this.#lease = lease;
    await this.profileNow();
  }

  async #release(options: { readonly broken?: boolean }): Promise<void> {
    const taking = this.#taking;
    this.#taking = undefined;
    this.#lease = undefined;
    await taking?.then((lease) => lease.release(options)).catch(() => {});
  }

  async #tellTokens(generation: Generation): Promise<void> {
    for await (const token of generation) this.tell('token', token);
  }

  #load(options: PretrainedOptions): Promise<PreTrainedModel> {
    const { source, task, labels } = this.settings;
    const own = labels && { id2label: { ...labels }, ignore_mismatched_sizes: true, renews_head: true };
    return this.#parts.load[task](source, { ...options, ...own });
  }

  get #args(): TrainingArguments {
    const { args, max_length } = this.settings;
    return { ...args, max_length };
  }

  async #adopt(opening: Promise<Profile>): Promise<Profile> {
    const { signal } = this;
    try {
      const profile = await opening;
      if (signal.aborted) {
        await profile.dispose().catch(() => {});
        throw signal.reason;
      }
      this.#profile = profile;
      profile.addEventListener('change', () => this.#listener.onChange(), { signal });
      const onForgotten = (): void => {
        if (this.#profile !== profile) return;
        this.#profile = undefined;
        this.#listener.onForgotten();
      };
      profile.addEventListener('forgotten', onForgotten, { signal });
      this.#listener.onChange();
      return profile;
    } finally {
      this.#opening = undefined;
    }
  }

  #expectModel(): PreTrainedModel {
    const { model } = this;
    if (model !== undefined) return model;
    throw this.signal.reason; // callers wait for the model, so it is missing only after the visit has ended
  }
}

/** Returns a key of the settings that decide which model is loaded. */
function modelKey({ source, task, labels, dtype }: ElementSettings): string {
  return JSON.stringify([source, task, labels, dtype]);
}
