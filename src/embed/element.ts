import {
  AutoModelForCausalLM,
  defaultSession,
  type Generation,
  type GenerationConfig,
  type ModelInputs,
  type PreTrainedModel,
  Profile,
  type ProgressInfo,
  Session,
  type StepLogs,
  type TrainingArguments,
  type TrainOutput,
  WebVeraError,
} from '../index';
import type { Lesson } from './examples_of';
import { Learner } from './learner';
import { nameOf, readSettings } from './settings';
import { SharedModels } from './shared_models';
import type { ElementState } from './state';
import type { Told } from './status';
import { deviceTrouble } from './trouble';
import { create } from './view/dom';
import { Panel } from './view/panel';
import { addStyles } from './view/styles';

/** The events of `<web-vera>`. They bubble, and cross shadow roots. */
export interface WebVeraElementEventMap {
  'webvera-progress': CustomEvent<ProgressInfo>;
  'webvera-ready': CustomEvent<null>;
  'webvera-log': CustomEvent<StepLogs>;
  'webvera-learnt': CustomEvent<TrainOutput>;
  'webvera-token': CustomEvent<{ readonly token_id: number; readonly text: string }>;
  'webvera-error': CustomEvent<WebVeraError>;
  /** `state` is another. */
  'webvera-statechange': CustomEvent<ElementState>;
}

/** What learners tell that pages hear of. */
const EVENTS: { readonly [Type in keyof Told]?: keyof WebVeraElementEventMap } = {
  progress: 'webvera-progress',
  ready: 'webvera-ready',
  log: 'webvera-log',
  learnt: 'webvera-learnt',
  token: 'webvera-token',
  error: 'webvera-error',
  state: 'webvera-statechange',
};

/**
 * `<web-vera model="…">`: a model that learns from this visitor, with an interface of its own or, with `headless`, without.
 *
 * Attributes, read by `load()`, so that a change takes effect at the next one:
 * - `model`: a hub name, or an address that begins with `./`, `../`, `/` or `https:`.
 * - `profile`: under which what is learnt is kept in this browser; 'default'.
 * - `task`: 'causal-lm', the only one so far. `labels` belongs to the others.
 * - `dtype`: as `PretrainedOptions` has it.
 * - `r`, `target-modules` (names with commas between them, or 'all-linear'): of a profile that begins.
 * - `max-steps` (60), `learning-rate`, `max-length` (256 tokens): of learning.
 * - `headless`: no interface; what stands within the element is shown.
 * - `autoload`: loads as soon as the element is in the page.
 *
 * All elements of a page share the default session, unless they are given another, and those with the same `model` and
 * `dtype` one copy of it, which the last one that leaves frees. An element that is taken out of the page stops what it does;
 * what it was learning goes on at the next visit.
 */
export class WebVeraElement extends HTMLElement {
  static readonly observedAttributes = ['headless'];
  readonly #learner: Learner;
  readonly #root: ShadowRoot;
  #panel: Panel | undefined;

  /** @internal `models`: what is shared with the page's other elements. */
  constructor(models: SharedModels) {
    super();
    const parts = {
      settings: () => readSettings((name) => this.getAttribute(name), this.baseURI),
      deviceTrouble: troubleHere,
      openSession: defaultSession,
      loadModel: AutoModelForCausalLM.from_pretrained,
      models,
      profiles: Profile,
    };
    this.#learner = new Learner(parts, (type, detail) => {
      const event = EVENTS[type];
      if (event !== undefined) this.#dispatch(event, detail ?? null);
      this.#panel?.hear(type, detail);
    });
    this.#root = this.attachShadow({ mode: 'open' });
  }

  /** 'idle' before `load()`; 'paused' for whatever reason a run stands still. */
  get state(): ElementState {
    return this.#learner.status.state;
  }

  /** The session in use. May be set before `load()`; the page's default session otherwise. */
  get session(): Session | undefined {
    return this.#learner.session;
  }

  set session(session: Session | undefined) {
    if (session !== undefined && !(session instanceof Session)) {
      throw new WebVeraError('invalid_argument', '<web-vera>: session: expected a Session', {
        hint: 'Open it with WebVera.Session.open().',
      });
    }
    this.#learner.session = session;
  }

  /** Once it is loaded. */
  get model(): PreTrainedModel | undefined {
    return this.#learner.model;
  }

  /** Once it is loaded; none from its being forgotten until the next call begins it anew. */
  get profile(): Profile | undefined {
    return this.#learner.profile;
  }

  /** Why the last thing that was done has failed; undefined where it hasn't. */
  get error(): WebVeraError | undefined {
    return this.#learner.status.error;
  }

  /**
   * Loads model and profile as the attributes say, unless that is done. A run that an earlier visit began goes on. Rejects
   * with `insecure_context` and `unsupported_device` where there is no WebGPU, `invalid_argument` for an attribute that
   * can't be, and with what loading a model and opening a profile reject with.
   */
  load(): Promise<void> {
    return this.#learner.load();
  }

  /**
   * Adds examples to the profile and learns, after what is being learnt already. A text, or a Blob of text, becomes examples
   * of up to `max-length` tokens, cut between paragraphs, else sentences, else words; a Blob of JSON Lines one a line. As all
   * that follow it loads first. Rejects with what `Profile.add` and `Profile.learn` reject with.
   */
  teach(lesson: Lesson, args: TrainingArguments = {}): Promise<TrainOutput> {
    return this.#learner.teach(lesson, args);
  }

  /** Continues a text, with what was learnt. Iterate for tokens, or await the text. */
  generate(prompt: string | readonly number[], config: GenerationConfig = {}): Generation {
    return this.#learner.generate(prompt, config);
  }

  /** As `Profile.predict`: rejects with `unsupported_model`, as there is no task yet that predicts. */
  predict(input: string | Blob | ModelInputs): Promise<readonly { readonly label: string; readonly score: number }[]> {
    return this.#learner.predict(input);
  }

  /** Of the run, if there is one. */
  pause(): Promise<void> {
    return this.#learner.pause();
  }

  resume(): Promise<void> {
    return this.#learner.resume();
  }

  /** Ends the run with what it has learnt, and gives its output; while it loads, gives up loading. */
  stop(): Promise<TrainOutput | undefined> {
    return this.#learner.stop();
  }

  /** As `Profile.export`. */
  export(): Promise<ReadonlyMap<string, Blob>> {
    return this.#learner.export();
  }

  /** Puts what `export` gave in the place of all that there is. */
  import(files: ReadonlyMap<string, Blob>): Promise<void> {
    return this.#learner.import(files);
  }

  /** As `Profile.forget`. Loads nothing. What is taught afterwards begins anew. */
  forget(): Promise<{ bytes: number }> {
    return this.#learner.forget();
  }

  connectedCallback(): void {
    this.#takeOver('session');
    this.#render();
    if (this.hasAttribute('autoload')) this.load().catch(() => {}); // an event tells
  }

  disconnectedCallback(): void {
    // One that is only moved is back by then.
    queueMicrotask(() => {
      if (!this.isConnected) void this.#learner.leave('The element was removed');
    });
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#render();
  }

  /** A property that was set before this script had run would hide the class's own. */
  #takeOver(name: 'session'): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    Reflect.deleteProperty(this, name);
    this[name] = value;
  }

  #render(): void {
    if (this.hasAttribute('headless')) {
      this.#panel = undefined;
      this.#root.adoptedStyleSheets = [];
      this.#root.replaceChildren(create('slot'));
    } else if (this.#panel === undefined) {
      const panel = new Panel(this.#learner, () => nameOf(this.getAttribute('model') ?? ''));
      this.#panel = panel;
      addStyles(this.#root);
      this.#root.replaceChildren(panel.root);
      void troubleHere().then((trouble) => trouble && panel.refuse(trouble));
    }
  }

  #dispatch(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** Defines `<web-vera>`. */
export function defineElement(registry: CustomElementRegistry): void {
  const models = new SharedModels();
  registry.define(
    'web-vera',
    class extends WebVeraElement {
      constructor() {
        super(models);
      }
    },
  );
}

function troubleHere(): Promise<WebVeraError | undefined> {
  return deviceTrouble({ isSecureContext, gpu: (navigator as { gpu?: GPU }).gpu, address: location.origin });
}
