import {
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  type ChatMessage,
  defaultSession,
  type Files,
  type GeneratedText,
  type Generation,
  type GenerationConfig,
  type LabelScore,
  type PredictInput,
  type PreTrainedModel,
  Profile,
  Session,
  type TrainingArguments,
  type TrainOutput,
  WebVeraError,
} from '../index';
import { surroundings } from '../parts/find_adapter';
import { Learner } from './learner';
import type { ElementState, Lesson, WebVeraElement } from './public';
import { isOn, knownTask, nameOf, readSettings } from './settings';
import { SharedModels } from './shared_models';
import { deviceTrouble } from './trouble';
import { Panel } from './view/panel';
import { create } from './view/panel_elements';
import { addStyles } from './view/styles';

/** Servers that render pages also import this module, but have no `HTMLElement`: an empty class replaces it there. */
const PageElement = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** The properties that a page may set before this script runs. */
const PROPERTIES = ['session', 'model', 'profile', 'autoload', 'headless'] as const;

/** Implements `<web-vera>`. */
class LearningElement extends PageElement implements WebVeraElement {
  static readonly observedAttributes = ['headless', 'task', 'model', 'autoload', 'feedback'];
  readonly #models: SharedModels;
  readonly #learner: Learner;
  readonly #root: ShadowRoot;
  #panel: Panel | undefined;
  /** Whether a microtask that starts loading is queued. */
  #isAutoloadDue = false;

  /** @internal `models`: the models that all elements of the page share. */
  constructor(models: SharedModels) {
    super();
    this.#models = models;
    const parts = {
      settings: () => readSettings((name) => this.getAttribute(name), this.baseURI),
      deviceTrouble: troubleHere,
      openSession: defaultSession,
      load: {
        'causal-lm': AutoModelForCausalLM.from_pretrained,
        'text-classification': AutoModelForSequenceClassification.from_pretrained,
        'image-classification': AutoModelForImageClassification.from_pretrained,
      },
      models,
      profiles: Profile,
    };
    this.#learner = new Learner(parts, (type, detail) => {
      if (type !== 'change') this.#dispatch(`webvera-${type === 'state' ? 'statechange' : type}`, detail ?? null);
      this.#panel?.hear(type, detail);
      if (type === 'state' && this.#panel !== undefined) this.#render();
    });
    this.#root = this.attachShadow({ mode: 'open' });
  }

  get state(): ElementState {
    return this.#learner.status.state;
  }

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

  get model(): PreTrainedModel | undefined {
    return this.#learner.visit?.model;
  }

  set model(model: string | undefined) {
    this.#setAttribute('model', model);
  }

  get profile(): Profile | undefined {
    return this.#learner.visit?.profile;
  }

  set profile(profile: string | number | undefined) {
    this.#setAttribute('profile', profile);
  }

  get autoload(): boolean {
    return isOn(this.getAttribute('autoload'));
  }

  set autoload(value: boolean | '' | undefined) {
    this.#switch('autoload', isOn(value));
  }

  get headless(): boolean {
    return isOn(this.getAttribute('headless'));
  }

  set headless(value: boolean | '' | undefined) {
    this.#switch('headless', isOn(value));
  }

  get error(): WebVeraError | undefined {
    return this.#learner.status.error;
  }

  load(): Promise<void> {
    return this.#learner.load();
  }

  teach(lesson: Lesson, args: TrainingArguments = {}): Promise<TrainOutput> {
    return this.#learner.teach(lesson, args);
  }

  generate(prompt: string | readonly ChatMessage[] | readonly number[], config: GenerationConfig = {}): Generation {
    return this.#learner.generate(prompt, config);
  }

  predict(input: PredictInput): Promise<readonly LabelScore[]> {
    return this.#learner.predict(input);
  }

  rate(rated: Generation | GeneratedText | string, rating: 1 | -1 | 0): Promise<number> {
    return this.#learner.rate(rated, rating);
  }

  correct(generation: Generation | GeneratedText | string, text: string): Promise<number> {
    return this.#learner.correct(generation, text);
  }

  learn(args: TrainingArguments = {}): Promise<TrainOutput> {
    return this.#learner.learn(args);
  }

  pause(): Promise<void> {
    return this.#learner.pause();
  }

  resume(): Promise<void> {
    return this.#learner.resume();
  }

  stop(): Promise<TrainOutput | undefined> {
    return this.#learner.stop();
  }

  export(): Promise<ReadonlyMap<string, Blob>> {
    return this.#learner.export();
  }

  import(files: Files): Promise<void> {
    return this.#learner.import(files);
  }

  forget(): Promise<{ bytes: number }> {
    return this.#learner.forget();
  }

  connectedCallback(): void {
    for (const name of PROPERTIES) this.#takeOver(name);
    this.#render();
    this.#autoload();
  }

  disconnectedCallback(): void {
    // An element that was only moved within the page is connected again when the microtask runs.
    queueMicrotask(() => {
      if (!this.isConnected) void this.#learner.leave('The element was removed');
    });
  }

  attributeChangedCallback(name: string): void {
    this.#render();
    this.#panel?.update();
    if (name === 'autoload' || name === 'model') this.#autoload();
  }

  /** Loads in a microtask, because a page may set more attributes first. A loaded model isn't replaced until `load` is called. */
  #autoload(): void {
    if (this.#isAutoloadDue) return;
    this.#isAutoloadDue = true;
    queueMicrotask(() => {
      this.#isAutoloadDue = false;
      if (!this.isConnected || !this.autoload || this.#learner.visit?.settings.task !== undefined) return;
      this.load().catch(() => {}); // reported by an event
    });
  }

  /** Applies a property that was set before this script ran, and deletes it, because it would hide the accessor of the class. */
  #takeOver(name: (typeof PROPERTIES)[number]): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, value);
  }

  #render(): void {
    if (!this.isConnected) return;
    if (this.headless) {
      this.#panel?.close();
      this.#panel = undefined;
      this.#root.adoptedStyleSheets = [];
      this.#root.replaceChildren(create('slot'));
      return;
    }
    const task = this.#learner.visit?.settings.task ?? knownTask(this.getAttribute('task')?.trim()) ?? 'causal-lm';
    if (this.#panel?.task !== task) {
      this.#panel?.close();
      const panel = new Panel(this.#learner, {
        task,
        name: () => nameOf(this.getAttribute('model') ?? ''),
        hasOpinions: () => this.getAttribute('feedback')?.trim() !== 'off',
      });
      this.#panel = panel;
      this.#root.replaceChildren(panel.root);
      void troubleHere(this.#models.facts.hasLostGpu).then((trouble) => panel.refuse(trouble));
    }
    addStyles(this.#root);
  }

  /** Sets or removes the attribute when the property of this name is set. Frameworks set the property instead of the attribute. */
  #setAttribute(name: 'model' | 'profile', value: unknown): void {
    if (value === undefined || value === null) this.removeAttribute(name);
    else if (typeof value === 'string' || Number.isFinite(value)) this.setAttribute(name, String(value));
    else throw wrong(name);
  }

  /** Sets or removes the attribute of a boolean property. An attribute with the value 'false' counts as absent. */
  #switch(name: 'autoload' | 'headless', on: boolean): void {
    if (!on) this.removeAttribute(name);
    else if (!this[name]) this.setAttribute(name, '');
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
    class extends LearningElement {
      constructor() {
        super(models);
      }
    },
  );
}

function wrong(name: string): WebVeraError {
  return new WebVeraError('invalid_argument', `<web-vera>: ${name}: expected a string, as the attribute takes`, {
    hint: `A loaded ${name} can't be given to it: it loads its own.`,
  });
}

function troubleHere(hasLostGpu: boolean): Promise<WebVeraError | undefined> {
  return deviceTrouble({ ...surroundings(), address: location.origin, hasLostGpu });
}
