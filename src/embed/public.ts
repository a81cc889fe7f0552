import type * as webvera from '../index';

/** What an element is about. */
export type ElementState = 'idle' | 'loading' | 'ready' | 'training' | 'paused' | 'error';

/** What `teach` takes. */
export type Lesson = string | Blob | webvera.Example | readonly webvera.Example[];

/** The events of `<web-vera>`. They bubble, and cross shadow roots. */
export interface WebVeraElementEventMap {
  'webvera-progress': CustomEvent<webvera.ProgressInfo>;
  'webvera-ready': CustomEvent<null>;
  'webvera-log': CustomEvent<webvera.StepLogs>;
  'webvera-learnt': CustomEvent<webvera.TrainOutput>;
  'webvera-token': CustomEvent<webvera.GeneratedToken>;
  'webvera-error': CustomEvent<webvera.WebVeraError>;
  /** `state` is another, which is in `detail`. */
  'webvera-statechange': CustomEvent<ElementState>;
}

/**
 * `<web-vera model="…">`: a model that learns from this visitor, with an interface of its own or, with `headless`, without.
 * With `task="text-classification" labels="ham,spam"` it learns to tell texts apart, and with `task="image-classification"` pictures.
 *
 * Attributes, read by `load()`, so that a change takes effect at the next one:
 * - `model`: a hub name, or an address that begins with `./`, `../`, `/` or `https:`.
 * - `profile`: under which what is learnt is kept in this browser; 'default'.
 * - `task`: 'causal-lm'; 'text-classification', by a head that `AutoModelForSequenceClassification` puts on the model; or
 *   'image-classification', by that of `AutoModelForImageClassification`.
 * - `labels`: a classifier's, with commas between them; by default the model's own. A head for others is made new.
 * - `dtype`: as in `PretrainedOptions`.
 * - `r`, `target-modules` (names with commas between them, or 'all-linear'): of a profile that begins.
 * - `max-steps` (60), `learning-rate`, `max-length` (256 tokens): of learning. A classifier's head learns at 4e-3.
 * - `headless`: no interface; what stands within the element is shown.
 * - `autoload`: loads as soon as the element is in the page and the script that put it there is through, and again when `model`
 *   or `autoload` is set while nothing is loaded. Otherwise nothing is downloaded before a visitor agrees, or the page calls a method.
 *
 * All elements of a page share the default session, unless they are given another, and those with the same `model`,
 * `task`, `labels` and `dtype` one copy of it, which the last one that leaves frees. An element that is taken out of the page stops what it does;
 * what it was learning goes on at the next visit.
 *
 * All methods but `pause`, `resume`, `stop` and `forget` load first where that isn't done.
 */
export interface WebVeraElement extends HTMLElement {
  /** 'idle' before `load()`; 'paused' for whatever reason a run stands still. */
  readonly state: ElementState;
  /** The one in use. May be set before `load()`; by default the page's default session. */
  session: webvera.Session | undefined;
  /** Once it is loaded. */
  readonly model: webvera.PreTrainedModel | undefined;
  /** Once it is loaded; none from its being forgotten until the next call begins it anew. */
  readonly profile: webvera.Profile | undefined;
  /** Why the last thing that was done has failed; undefined where it hasn't. */
  readonly error: webvera.WebVeraError | undefined;
  /**
   * Loads model and profile as the attributes say, unless that is done. A run that an earlier visit began goes on. Rejects
   * with `insecure_context` and `unsupported_device` where there is no WebGPU, `invalid_argument` for an attribute that
   * can't be, `integrity_mismatch` where worker.js isn't of this version, and with what loading a model and opening a profile
   * reject with.
   */
  load(): Promise<void>;
  /**
   * Adds examples to the profile and learns, after what is being learnt already. A text, or a Blob of text, becomes examples
   * of up to `max-length` tokens, cut between paragraphs, else sentences, else words; a Blob of JSON Lines or CSV one a line. A
   * classifier takes examples with a `label`: `{ text, label }`, or a Blob of such, or `{ image, label }`.
   * Rejects with `invalid_argument` where there is nothing to learn, `invalid_format` for what is no text, and with what
   * `Profile.add` and `Profile.learn` reject with.
   */
  teach(lesson: Lesson, args?: webvera.TrainingArguments): Promise<webvera.TrainOutput>;
  /** Continues a text, with what was learnt. Iterate for tokens, or await the text. `config.signal` doesn't stop loading. */
  generate(
    prompt: string | readonly webvera.ChatMessage[] | readonly number[],
    config?: webvera.GenerationConfig,
  ): webvera.Generation;
  /** As `Profile.predict`. */
  predict(input: webvera.PredictInput): Promise<readonly webvera.LabelScore[]>;
  /** Of the run, if there is one. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends the run with what it has learnt, and gives its output; while it loads, gives up loading. */
  stop(): Promise<webvera.TrainOutput | undefined>;
  /** As `Profile.export`. */
  export(): Promise<ReadonlyMap<string, Blob>>;
  /** As `Profile.replace`. Rejects with an `AbortError` where the element goes on to something else before; nothing changes then. */
  import(files: webvera.Files): Promise<void>;
  /** As `Profile.forget`; loads no model for that, and waits for none. What is taught afterwards begins anew. */
  forget(): Promise<{ bytes: number }>;
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
