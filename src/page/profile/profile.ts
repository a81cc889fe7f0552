import { untilAborted } from '../../core/async/abort';
import type { Files } from '../../core/input/named_files';
import type { PreferenceExample } from '../../core/preferences/preference';
import type { ChatMessage } from '../../core/types/chat';
import type { BatchGenerationConfig, GenerationConfig } from '../../core/types/generation';
import type { LabelScore, PredictInput, PredictOptions } from '../../core/types/prediction';
import type { Example } from '../../core/types/training';
import type { BatchGeneration, Generation } from '../models/remote_generation';
import type { PreTrainedModel } from '../models/remote_model';
import { callOn, expectOwnSession, linkOf } from '../session/default_session';
import { asyncDispose } from '../session/dispose';
import { checkOptions } from '../session/options';
import { type CallOptions, callRules } from '../session/session';
import type { TrainRun } from '../training/train_run';
import { expectFeedback, prepareGiven } from './examples/prepare_examples';
import { correctedExample, generatedText, preferenceOf, ratingOf } from './feedback/given_feedback';
import { listsOf, withAdded, withoutFeedback } from './feedback/profile_data';
import { batchOf, ending, refused } from './generations';
import { LearnRun } from './learning/learn_run';
import { lengthIn, openStored } from './open';
import type { OpenProfile, ProfileEvent } from './open_profile';
import { holdOf } from './open_profiles';
import { closed } from './profile_errors';
import type { ItemHold } from './shared';
import { exportFiles, importStored, inUse } from './storage/profile_files';
import { forgetStored, forgotten, ProfileStorage, readableInfos } from './storage/profile_storage';
import {
  checkId,
  type GeneratedText,
  type LearnOptions,
  type ProfileInfo,
  type ProfileOptions,
  profileRules,
} from './types';

/**
 * An adapter for one person or purpose, over a base model that many profiles share. Its examples, vectors and settings are stored in this
 * browser under its id. Each `open` returns a new object; objects with the same id share one open profile, which closes when all of them
 * are disposed of.
 *
 * Events: 'change' (`info` or `learning` has changed, maybe in another tab); 'forgotten' (here or in another tab).
 */
export class Profile extends EventTarget implements AsyncDisposable {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
  static override readonly name = 'Profile';

  readonly #hold: ItemHold<OpenProfile>;
  #isDisposed = false;
  readonly #listener = (event: ProfileEvent): void => void this.dispatchEvent(new Event(event));

  private constructor(hold: ItemHold<OpenProfile>) {
    super();
    this.#hold = hold;
    hold.item.listeners.add(this.#listener);
  }

  /**
   * Opens or creates the profile `id` over a text or image model from `from_pretrained`. Profiles over one base model share its weights,
   * and share A and B if key and rank are equal, so each profile costs only its vectors. All open profiles over one model have one kind of
   * adapter: for another kind, dispose of them, or load the model again. A `learn` that a closed page left unfinished resumes.
   *
   * Rejects with `invalid_argument` for a bad id or option, for a session other than the model's, for a base model, labels or `peft_config`
   * other than those that the profile was created with, and for a `peft_type` other than that of open profiles; with `storage_full` or
   * `storage_unavailable`; and with `storage_corrupt` if the stored profile can't be read.
   */
  static async open(base: PreTrainedModel, id: string, options: ProfileOptions = {}): Promise<Profile> {
    const hold = await holdOf('Profile.open', base, id, options, openStored);
    try {
      if (!hold.isNew) await untilAborted(hold.item.configure(options), options.signal);
      return new Profile(hold);
    } catch (error) {
      await hold.release();
      throw error;
    }
  }

  /** Lists the profiles stored in this browser, over any base model, sorted by id. */
  static async list(options: CallOptions = {}): Promise<readonly ProfileInfo[]> {
    return readableInfos(await callOn('Profile.list', options, (link) => link.request('listProfiles')));
  }

  /**
   * Creates a profile from the files of `export`, or from PEFT's two files alone. Rejects with `invalid_format` for other files, and with
   * `invalid_argument` for another base model, another kind of adapter than that of open profiles, an invalid example, and an id in use.
   */
  static async import(base: PreTrainedModel, files: Files, id: string, options: ProfileOptions = {}): Promise<Profile> {
    const hold = await holdOf('Profile.import', base, id, options, (host, storage) =>
      importStored(host, storage, files, options),
    );
    if (hold.isNew) return new Profile(hold);
    await hold.release();
    throw inUse(id);
  }

  /** As `profile.forget()`, for a profile that isn't open or can't be opened. */
  static async forget(id: string, options: CallOptions = {}): Promise<{ bytes: number }> {
    checkOptions('Profile.forget', options, callRules);
    return forgetStored(new ProfileStorage(checkId(id), await linkOf(options)));
  }

  /**
   * Generates texts for several profiles over one base model in one batch, each row with its own profile's vectors. The result of `rows[r]`
   * is that of its profile's `generate` with the seed `seed + r`, except for the last digits of the logits.
   */
  static generate_batch(
    rows: readonly { readonly profile: Profile; readonly input: string | readonly ChatMessage[] | readonly number[] }[],
    config: Omit<BatchGenerationConfig, 'adapter_name' | 'adapter_names'> = {},
  ): BatchGeneration {
    return batchOf(rows, config, (profile) => (profile instanceof Profile ? profile.#open : undefined));
  }

  get id(): string {
    return this.#hold.item.id;
  }

  get info(): ProfileInfo {
    return this.#hold.item.info;
  }

  /** The run of `learn` in progress, if any, including one resumed from an earlier visit. */
  get learning(): TrainRun | undefined {
    return this.#hold.item.learning.run;
  }

  /**
   * Stores an example, or all of an iterable, such as an array or `labelledFiles(files)`. Beyond `max_examples`, a uniform random sample of
   * all examples ever added is stored (a reservoir). Resolves with the number of stored examples. Images are stored as the bytes that the
   * model reads. Beyond 64 MiB of images (445 images of 224×224), a sample of them is stored. Rated texts and preferences among the
   * examples are stored as by `rate` and `prefer`.
   *
   * Rejects with `invalid_argument` for an invalid example, such as `pixel_values`, and for an unknown label; with `invalid_format` for an
   * image that can't be decoded; with `limit_exceeded` beyond 16 MiB of text, 64 MiB of images at a time, or 2^20 examples of an iterable
   * other than an array. A file of examples, JSON Lines or CSV by its type or name, is read in the worker. For a file, `add` also rejects
   * with `invalid_format` for an invalid line, which the error message names, and with `limit_exceeded` beyond 64 MiB. If `add` rejects,
   * nothing was stored.
   */
  async add(examples: Example | Iterable<Example> | AsyncIterable<Example> | Blob): Promise<number> {
    const open = this.#open;
    const coming = await prepareGiven(open.host.base, examples);
    await open.changeData((state, data) => withAdded(state, data, coming), ...listsOf(coming));
    return this.info.examples;
  }

  /**
   * Stores that a person likes a text (1) or doesn't (−1), or removes the rating (0). A generation may still be in progress. A string
   * counts as a text without a prompt. A later rating of the same text after the same prompt replaces an earlier one. Beyond `max_examples`
   * ratings and preferences, a sample of them is stored; no examples are removed for them. A generation that reached `max_new_tokens` is
   * stored as `truncated`. Resolves with the number of stored ratings.
   *
   * Rejects with `invalid_argument` for another number, an empty text, a prompt of token ids, and for a classifier; with the error of a
   * generation that failed. A text that is too long for the model is stored in full, and truncated for learning like an example.
   */
  async rate(rated: Generation | GeneratedText | string, rating: 1 | -1 | 0): Promise<number> {
    const given = ratingOf(await generatedText('rate', rated), rating);
    const open = this.#open;
    expectFeedback(open.host.base, 'rate', given);
    // Ratings are changed one at a time: adding one waits for the worker, and a later removal must not run first.
    const remove = (): Promise<void> => open.changeData(withoutFeedback(given), 'feedback');
    await open.ratings.run<unknown>(() => (rating === 0 ? remove() : this.add(given)));
    return this.info.ratings;
  }

  /**
   * Stores a person's preference between two texts after one prompt. It replaces an earlier preference between the same texts. Resolves
   * with the number of stored preferences. Rejects as `rate` does, and with `invalid_argument` for equal texts.
   */
  async prefer(preference: PreferenceExample): Promise<number> {
    const given = preferenceOf(preference);
    await this.#open.ratings.run(() => this.add(given));
    return this.info.preferences;
  }

  /**
   * Stores a person's corrected text as an example, with the prompt of the generation that the text corrects. Resolves with the number of
   * stored examples. Rejects as `add` and `rate` do.
   */
  async correct(generation: Generation | GeneratedText | string, text: string): Promise<number> {
    return this.add(correctedExample(await generatedText('correct', generation), text));
  }

  /**
   * Trains the current vectors on the stored examples, then preferences (DPO), then ratings (KTO). By default each of these phases takes
   * three epochs, or with few examples up to 16, to reach 60 steps. The phases share `max_steps` in proportion to their numbers of
   * examples. Preferences and ratings use 0.18 times the learning rate. The method 'instant' solves for a classifier's head instead.
   *
   * Every tenth example ever added is held out; labelled examples, preferences and ratings only after the first hundred. The new vectors
   * replace the current ones unless they do worse on the held-out examples of any kind or, while none are held out, on the training
   * examples. While none are held out, a solved head is judged by cross-validation, and always replaces a head that was solved for earlier
   * or never trained. Until the end of the run, and after any error, `generate` uses the current vectors.
   *
   * The output's `metrics` are `loss_before`, `loss_after`, `held_out` and `taken` (1 or 0). The method 'instant' adds `C`, `computed` (how
   * many examples ran through the model), `seconds`, `accuracy`, `cross_validated_loss` and `cross_validated_accuracy`.
   *
   * Rejects with `invalid_argument` without examples or while the profile learns already, with `locked_by_other_tab` while it learns in
   * another tab, and with the errors of `Trainer.train`. After a run was stopped or its `signal` has aborted, a new `learn` waits for
   * that run's end.
   *
   * If a lost device or a closed page interrupts a run, or the browser doesn't store its result, it resumes when the profile is opened
   * again. The first `learn` with the same method then returns that run, with the examples, arguments and `when` that it began with; a
   * `learn` with another method, or with 'instant', replaces it. So does any `learn` if the run resumes only later, once an earlier page
   * releases its lock. A `learn` that rejects because of its options or its `signal` leaves that run as it is.
   */
  learn(options: LearnOptions = {}): TrainRun {
    const { learning } = this.#hold.item;
    return this.#isDisposed ? new LearnRun(() => Promise.reject(closed(this.id))) : learning.learn(options);
  }

  /**
   * Resolves with the number of steps that `learn` would take now with these options. The run takes fewer if some examples are too short to
   * learn from, or if `packing` joins them. `estimate` gives the time of a step.
   */
  async steps(options: Pick<LearnOptions, 'method' | 'args' | 'preferences' | 'ratings'> = {}): Promise<number> {
    return this.#open.learning.steps(options);
  }

  /** Like a model's `generate`, but with this profile's vectors, no matter which adapters are active or training. */
  generate(
    input: string | readonly ChatMessage[] | readonly number[],
    config: Omit<GenerationConfig, 'adapter_name'> = {},
  ): Generation {
    try {
      const { adapter: adapter_name, host } = this.#open;
      const release = host.use(adapter_name);
      return ending(host.adapted.generate(input, { ...config, adapter_name }), release);
    } catch (error) {
      return refused(input, config, error);
    }
  }

  /** Like a model's `predict`, but with this profile's vectors, head and `max_length`, no matter which adapters are active or training. */
  async predict(
    input: PredictInput,
    options: Omit<PredictOptions, 'adapter_name'> = {},
  ): Promise<readonly LabelScore[]> {
    const { adapter: adapter_name, host, state } = this.#open;
    const release = host.use(adapter_name);
    try {
      return await host.adapted.predict(input, { ...options, ...lengthIn(state, options), adapter_name });
    } finally {
      release();
    }
  }

  /** Restores the vectors from before the last `learn()` that replaced them, byte for byte, and marks it as `undone`. Works only once. */
  async rollback(): Promise<void> {
    await this.#open.rollback();
  }

  /**
   * Resolves with PEFT's two files, examples.jsonl and profile.json; for images also images.npy: bytes (N, H, W, 3), one image per line of
   * examples.jsonl. Ratings and preferences are in ratings.jsonl and preferences.jsonl, in TRL's formats.
   */
  async export(): Promise<ReadonlyMap<string, Blob>> {
    const open = this.#open;
    const stored = await open.read('examples', 'feedback');
    if (stored === undefined) throw forgotten(this.id);
    return exportFiles(stored.state, open.data(stored));
  }

  /**
   * Replaces the stored profile by the files of `export`, all at once, also for other objects and tabs that have it open. A run of this tab
   * ends first, with an `AbortError`. Rejects with the errors of `Profile.import` for the files, and with `locked_by_other_tab` while
   * another tab learns; the stored profile is then unchanged.
   */
  async replace(files: Files, options: ProfileOptions = {}): Promise<void> {
    checkOptions('ProfileOptions', options, profileRules);
    const open = this.#open;
    expectOwnSession('replace', open.host.link, options.session);
    await open.replace(files, options);
  }

  /**
   * Deletes the vectors, examples and checkpoints, for all tabs, after ending a run in progress. The profile is then disposed of. Resolves
   * with the number of bytes freed.
   */
  async forget(): Promise<{ bytes: number }> {
    const open = this.#open;
    return this.#hold.end(() => open.forget());
  }

  /** Disposes of this object. The last object of an id also frees the vectors on the GPU, and stores a run in progress to be resumed. */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#hold.item.listeners.delete(this.#listener);
    await this.#hold.release();
  }

  [asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The open profile. Throws if this object was disposed of or the profile is closed. */
  get #open(): OpenProfile {
    const { item } = this.#hold;
    if (this.#isDisposed) throw closed(this.id);
    item.expectOpen();
    return item;
  }
}
