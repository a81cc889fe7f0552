import type * as webvera from '../index';

/** The state of an element. */
export type ElementState = 'idle' | 'loading' | 'ready' | 'training' | 'paused' | 'error';

/** Anything that `teach` can learn from: a text, a file, or examples. */
export type Lesson = string | Blob | webvera.Example | readonly webvera.Example[];

/** A text that a visitor has rated or corrected, with its prompt. */
export interface OpinionDetail {
  readonly prompt: webvera.Generation['prompt'];
  readonly completion: string;
}

/** The events of `<web-vera>`. They bubble, and cross shadow roots. */
export interface WebVeraElementEventMap {
  'webvera-progress': CustomEvent<webvera.ProgressInfo>;
  'webvera-ready': CustomEvent<null>;
  'webvera-log': CustomEvent<webvera.StepLogs>;
  'webvera-learnt': CustomEvent<webvera.TrainOutput>;
  'webvera-token': CustomEvent<webvera.GeneratedToken>;
  /** A rating was stored; with `rating` 0, it was removed. */
  'webvera-rated': CustomEvent<OpinionDetail & { readonly rating: 1 | 0 | -1 }>;
  /** A visitor's own `text` was stored, in place of `completion`. */
  'webvera-corrected': CustomEvent<OpinionDetail & { readonly text: string }>;
  'webvera-error': CustomEvent<webvera.WebVeraError>;
  /** `state` changed; `detail` is the new state. */
  'webvera-statechange': CustomEvent<ElementState>;
}

/**
 * `<web-vera model="…">`: a model that learns from a visitor, with a built-in interface or, with `headless`, without one.
 * With `task="text-classification" labels="ham,spam"` it learns to classify texts, and with `task="image-classification"` images.
 *
 * Attributes. `load()` reads them, so a change takes effect at the next call of `load()`:
 * - `model`: a hub name, or an address that begins with `./`, `../`, `/` or `https:`.
 * - `profile`: the name of the profile in this browser's storage; by default 'default'.
 * - `task`: 'causal-lm'; 'text-classification', with the head that `AutoModelForSequenceClassification` adds; or
 *   'image-classification', with the head that `AutoModelForImageClassification` adds.
 * - `labels`: a classifier's labels, separated by commas; by default the model's own. For other labels, a new head is created.
 * - `dtype`: as in `PretrainedOptions`.
 * - `r`, `target-modules` (names separated by commas, or 'all-linear'): fields of the adapter config of a new profile.
 * - `peft-config`: other fields of that config, in JSON.
 * - `max-steps` (default 60), `learning-rate`, `max-length` (default 256 tokens): training arguments. Texts to classify are cut at
 *   `max-length`, too. The learning rate of a classifier's head is 4e-3.
 * - `feedback`: 'off' hides the buttons to rate and to edit a text that the model wrote. Ratings stay in this browser.
 * - `headless`: hides the interface; the element shows its own content.
 * - `autoload`: loads the model once the element is in the page and the current script has ended, and also when `model` or `autoload`
 *   is set while nothing is loaded. Without it, nothing is downloaded before a visitor agrees or the page calls a method.
 *
 * `headless` and `autoload` are on if the attribute is present, unless its value is 'false'.
 *
 * All elements of a page share the default session, unless their `session` is set. Elements with the same `model`, `task`, `labels`
 * and `dtype` share one copy of the model, which is freed when no element uses it. An element that is removed from the page stops its
 * work; its run resumes at the next visit.
 *
 * All methods except `pause`, `resume`, `stop` and `forget` load the model first if necessary.
 */
export interface WebVeraElement extends HTMLElement {
  /** 'idle' before `load()`; 'paused' while the run is paused for any reason. */
  readonly state: ElementState;
  /** The session in use. May be set before `load()`; by default the page's default session. */
  session: webvera.Session | undefined;
  /** The model; undefined until it is loaded. Assigning a string sets the attribute, as frameworks do. */
  get model(): webvera.PreTrainedModel | undefined;
  set model(model: string | undefined);
  /**
   * The profile; undefined until it is loaded, and after `forget` until another call creates the profile again. Assigning a string or a
   * number, such as a visitor's id, sets the attribute, as frameworks do.
   */
  get profile(): webvera.Profile | undefined;
  set profile(profile: string | number | undefined);
  /** Whether the attribute `autoload` is on. Assigning sets or removes the attribute, as frameworks do. */
  get autoload(): boolean;
  set autoload(value: boolean | '' | undefined);
  /** Whether the attribute `headless` is on. Assigning sets or removes the attribute, as frameworks do. */
  get headless(): boolean;
  set headless(value: boolean | '' | undefined);
  /** The error of the last action; undefined if it succeeded. */
  readonly error: webvera.WebVeraError | undefined;
  /**
   * Loads the model and the profile that the attributes name, unless they are loaded. If only the profile differs, the loaded model is
   * reused. Resumes a run of an earlier visit. Rejects with `insecure_context` or `unsupported_device` without WebGPU, `invalid_argument`
   * for an invalid attribute, `integrity_mismatch` if worker.js has another version, and with the errors of loading a model and opening a
   * profile.
   */
  load(): Promise<void>;
  /**
   * Adds examples to the profile and trains on it, after the current run. A text, or a Blob of text, is split into examples of up to
   * `max-length` tokens, between paragraphs, else sentences, else words; a Blob of JSON Lines or CSV has one example per line. A
   * classifier takes examples with a `label`: `{ text, label }`, a Blob of such examples, or `{ image, label }`.
   * Rejects with `invalid_argument` for an empty lesson, `invalid_format` for a file that isn't text in UTF-8, `limit_exceeded` for a text
   * file beyond 64 MiB, and with the errors of `Profile.add` and `Profile.learn`.
   */
  teach(lesson: Lesson, args?: webvera.TrainingArguments): Promise<webvera.TrainOutput>;
  /** Continues a text with the trained model. Iterate over the tokens, or await the text. `config.signal` doesn't stop loading. */
  generate(
    prompt: string | readonly webvera.ChatMessage[] | readonly number[],
    config?: webvera.GenerationConfig,
  ): webvera.Generation;
  /** Like `Profile.predict`. */
  predict(input: webvera.PredictInput): Promise<readonly webvera.LabelScore[]>;
  /** Like `Profile.rate`: stores that the visitor likes a text (1) or doesn't (−1), or removes the rating (0). This doesn't train. */
  rate(rated: webvera.Generation | webvera.GeneratedText | string, rating: 1 | -1 | 0): Promise<number>;
  /** Like `Profile.correct`: stores the visitor's own text in place of a generated one. */
  correct(generation: webvera.Generation | webvera.GeneratedText | string, text: string): Promise<number>;
  /** Trains on the profile's stored examples and feedback, after the current run. Rejects as `Profile.learn` does. */
  learn(args?: webvera.TrainingArguments): Promise<webvera.TrainOutput>;
  /** Pauses the run, if any. */
  pause(): Promise<void>;
  /** Resumes the paused run, if any. */
  resume(): Promise<void>;
  /** Ends the run early and resolves with its output. If the model is loading, stops loading it. */
  stop(): Promise<webvera.TrainOutput | undefined>;
  /** Like `Profile.export`. */
  export(): Promise<ReadonlyMap<string, Blob>>;
  /**
   * Like `Profile.replace`. If the element loads another model or profile first, rejects with an `AbortError` and changes nothing. Queued
   * lessons reject with an `AbortError`.
   */
  import(files: webvera.Files): Promise<void>;
  /**
   * Like `Profile.forget`. Neither loads a model nor waits for one. Queued lessons reject with an `AbortError`; the next lesson creates
   * the profile again.
   */
  forget(): Promise<{ bytes: number }>;
}

/** The attributes of `<web-vera>`, as written in JSX and templates. Listen to its events with `addEventListener`. */
export interface WebVeraAttributes {
  model?: string | undefined;
  profile?: string | number | undefined;
  task?: 'causal-lm' | 'text-classification' | 'image-classification' | undefined;
  labels?: string | undefined;
  dtype?: webvera.ModelDtype | undefined;
  'peft-config'?: string | undefined;
  r?: number | string | undefined;
  'target-modules'?: string | undefined;
  'max-steps'?: number | string | undefined;
  'learning-rate'?: number | string | undefined;
  'max-length'?: number | string | undefined;
  feedback?: 'off' | undefined;
  headless?: boolean | '' | undefined;
  autoload?: boolean | '' | undefined;
}

declare global {
  interface HTMLElementTagNameMap {
    'web-vera': WebVeraElement;
  }
  interface HTMLElementEventMap extends WebVeraElementEventMap {}
  interface DocumentEventMap extends WebVeraElementEventMap {}
  interface Window {
    /** All exports of `webvera`. */
    WebVera: typeof webvera;
  }
}
