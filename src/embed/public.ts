import type * as webvera from '../index';

/** The state of an element. */
export type ElementState = 'idle' | 'loading' | 'ready' | 'training' | 'paused' | 'error';

/** The lessons that `teach` takes. */
export type Lesson = string | Blob | webvera.Example | readonly webvera.Example[];

/** A text that a visitor has judged, with its prompt. */
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
  /** A rating was stored; 0: removed. */
  'webvera-rated': CustomEvent<OpinionDetail & { readonly rating: 1 | 0 | -1 }>;
  /** A visitor's own `text` was stored, in place of `completion`. */
  'webvera-corrected': CustomEvent<OpinionDetail & { readonly text: string }>;
  'webvera-error': CustomEvent<webvera.WebVeraError>;
  /** `state` changed; `detail` is the new one. */
  'webvera-statechange': CustomEvent<ElementState>;
}

/**
 * `<web-vera model="…">`: a model that learns from a visitor, with a built-in interface or, with `headless`, without one.
 * With `task="text-classification" labels="ham,spam"` it learns to classify texts, and with `task="image-classification"` images.
 *
 * Attributes, read by `load()`, so that a change takes effect at the next one:
 * - `model`: a hub name, or an address that begins with `./`, `../`, `/` or `https:`.
 * - `profile`: the name of the profile in this browser's storage; by default 'default'.
 * - `task`: 'causal-lm'; 'text-classification', by a head that `AutoModelForSequenceClassification` puts on the model; or
 *   'image-classification', by that of `AutoModelForImageClassification`.
 * - `labels`: a classifier's labels, with commas between them; by default the model's own. Other labels get a new head.
 * - `dtype`: as in `PretrainedOptions`.
 * - `r`, `target-modules` (names with commas between them, or 'all-linear'): the configuration of a new profile.
 * - `peft-config`: other fields of that configuration, in JSON.
 * - `max-steps` (60), `learning-rate`, `max-length` (256 tokens): training arguments. A classifier's head learns at 4e-3.
 * - `feedback`: 'off' hides the thumbs, and the visitor's own text, below a text that the model wrote. Ratings stay in this browser.
 * - `headless`: no interface; the element shows its own content.
 * - `autoload`: loads once the element is in the page and the current script has ended, and again when `model` or `autoload`
 *   is set while nothing is loaded. Without it, nothing is downloaded before a visitor agrees or the page calls a method.
 *
 * All elements of a page share the default session, unless they get another one. Elements with the same `model`, `task`,
 * `labels` and `dtype` share one copy of the model, which the last one frees. An element that is removed from the page stops its
 * work; its run resumes at the next visit.
 *
 * All methods except `pause`, `resume`, `stop` and `forget` load the model first if necessary.
 */
export interface WebVeraElement extends HTMLElement {
  /** 'idle' before `load()`; 'paused' for any reason of a pause. */
  readonly state: ElementState;
  /** The session in use. May be set before `load()`; by default the page's default session. */
  session: webvera.Session | undefined;
  /** Undefined until it is loaded. A string sets the attribute, as frameworks do. */
  get model(): webvera.PreTrainedModel | undefined;
  set model(model: string | undefined);
  /**
   * Undefined until it is loaded, and after it was forgotten until the next call creates it again. A string sets the attribute, as
   * frameworks do.
   */
  get profile(): webvera.Profile | undefined;
  set profile(profile: string | undefined);
  /** The error of the last action; undefined if it succeeded. */
  readonly error: webvera.WebVeraError | undefined;
  /**
   * Loads the model and the profile by the attributes, unless they are loaded. Resumes a run of an earlier visit. Rejects
   * with `insecure_context` or `unsupported_device` without WebGPU, `invalid_argument` for a wrong attribute,
   * `integrity_mismatch` if worker.js has another version, and with the errors of loading a model and opening a
   * profile.
   */
  load(): Promise<void>;
  /**
   * Adds examples to the profile and learns, after the current run. A text, or a Blob of text, becomes examples
   * of up to `max-length` tokens, cut between paragraphs, else sentences, else words; a Blob of JSON Lines or CSV, one per line. A
   * classifier takes examples with a `label`: `{ text, label }`, a Blob of such, or `{ image, label }`.
   * Rejects with `invalid_argument` for an empty lesson, `invalid_format` for a file that isn't text, and with the errors of
   * `Profile.add` and `Profile.learn`.
   */
  teach(lesson: Lesson, args?: webvera.TrainingArguments): Promise<webvera.TrainOutput>;
  /** Continues a text with the trained model. Iterate for tokens, or await the text. `config.signal` doesn't stop loading. */
  generate(
    prompt: string | readonly webvera.ChatMessage[] | readonly number[],
    config?: webvera.GenerationConfig,
  ): webvera.Generation;
  /** As `Profile.predict`. */
  predict(input: webvera.PredictInput): Promise<readonly webvera.LabelScore[]>;
  /** As `Profile.rate`: the visitor likes a text (1) or doesn't (−1), or takes the rating back (0). Only `learn` and `teach` train. */
  rate(rated: webvera.Generation | webvera.GeneratedText | string, rating: 1 | -1 | 0): Promise<number>;
  /** As `Profile.correct`: the visitor's own text in place of a generated one. */
  correct(generation: webvera.Generation | webvera.GeneratedText | string, text: string): Promise<number>;
  /** Trains on the profile's stored examples and opinions, after the current run. Rejects as `Profile.learn` does. */
  learn(args?: webvera.TrainingArguments): Promise<webvera.TrainOutput>;
  /** Pauses the run, if any. */
  pause(): Promise<void>;
  /** Resumes the paused run, if any. */
  resume(): Promise<void>;
  /** Ends the run early, and returns its output. Stops loading if the model is loading. */
  stop(): Promise<webvera.TrainOutput | undefined>;
  /** As `Profile.export`. */
  export(): Promise<ReadonlyMap<string, Blob>>;
  /** As `Profile.replace`. Rejects with an `AbortError`, changing nothing, if the element loads another model or profile before. */
  import(files: webvera.Files): Promise<void>;
  /**
   * As `Profile.forget`. Neither loads a model nor waits for one. Lessons that wait for their turn reject with an `AbortError`;
   * the next one creates the profile again.
   */
  forget(): Promise<{ bytes: number }>;
}

/** The attributes of `<web-vera>`, as JSX and templates write them. Its events have listeners by `addEventListener`. */
export interface WebVeraAttributes {
  model?: string | undefined;
  profile?: string | undefined;
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
    /** All that `webvera` exports. */
    WebVera: typeof webvera;
  }
}
