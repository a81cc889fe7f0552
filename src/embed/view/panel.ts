import type { ProgressInfo, WebVeraError } from '../../index';
import { saveFiles } from '../../parts/files';
import type { Learner } from '../learner';
import type { ElementTask } from '../settings';
import type { ReportDetails } from '../status';
import { isUnsupported } from '../trouble';
import { introRegion } from './intro';
import { keptRegion } from './kept';
import { messageRegion } from './message';
import { create, setText, show, slot } from './panel_elements';
import { outcomeInWords, shownProgress } from './panel_words';
import { byName } from './picked_files';
import { PURPOSES } from './purpose';
import { type Actions, type Announce, isUsable, type Region } from './region';

interface PanelOptions {
  readonly task: ElementTask;
  /** The model's name, for visitors. */
  name(): string;
  hasOpinions(): boolean;
}

/** The built-in interface. */
export class Panel {
  readonly root: HTMLElement;
  readonly task: ElementTask;
  readonly #learner: Learner;
  readonly #options: PanelOptions;
  readonly #regions: readonly Region[];
  readonly #intro: Region;
  readonly #work: HTMLElement;
  readonly #announcer = create('p', { className: 'visually-hidden', attributes: { role: 'status' } });
  #progress: ProgressInfo | undefined;
  #trouble: WebVeraError | undefined;
  /** The window whose next frame updates the panel; undefined if nothing has changed since the last update. */
  #due: Window | undefined;
  /** Aborts when the profile that the panel shows is forgotten or replaced. */
  #current: AbortSignal | undefined;

  constructor(learner: Learner, options: PanelOptions) {
    this.#learner = learner;
    this.task = options.task;
    this.#options = options;
    const say = (text: string): void => this.#say(text);
    const actions = actionsOf(learner, say);
    const { heading, kind, ...purpose } = PURPOSES[this.task];
    const teach = purpose.teach(actions);
    const attempt = purpose.attempt(learner, say, actions);
    const intro = introRegion(actions, kind);
    const kept = keptRegion(actions);
    const message = messageRegion();
    this.#intro = intro;
    this.#regions = [teach, attempt, kept, intro, message];
    this.#work = create('div', { className: 'work' }, teach.root, attempt.root, kept.root);
    const title = create('div', { id: 'title' }, slot('title', create('h2', {}, heading)));
    this.root = create(
      'section',
      // The panel is in English on every page.
      { lang: 'en', dir: 'ltr', attributes: { part: 'panel', 'aria-labelledby': 'title' } },
      title,
      message.root,
      intro.root,
      this.#work,
      slot('footer'),
      this.#announcer,
    );
    this.update();
  }

  /** Receives the learner's reports. */
  hear<Type extends keyof ReportDetails>(type: Type, detail: ReportDetails[Type]): void {
    if (type === 'progress') this.#progress = shownProgress(this.#progress, detail as ProgressInfo);
    if (type === 'state' && detail === 'loading') this.#progress = undefined;
    if (type === 'ready') {
      this.#trouble = undefined;
      this.#say('The model is loaded.');
    }
    if (type === 'learnt') {
      const last = this.#learner.visit?.profile?.info.history.at(-1);
      // The methods 'instant' and 'refine' are for classifiers, and another region announces their outcome.
      if (last?.method === 'train') this.#say(`Done. ${outcomeInWords(last)}`);
    }
    if (type === 'change' || type === 'progress' || type === 'log') this.#soon();
  }

  /** Shows that this device can't load a model, before a visitor tries. Does nothing if a retry could succeed. */
  refuse(trouble: WebVeraError | undefined): void {
    if (!isUnsupported(trouble)) return;
    this.#trouble = trouble;
    this.update();
  }

  update(): void {
    const { status, lessons } = this.#learner;
    const focused = this.#focused();
    const isGone = this.#current !== lessons.signal;
    this.#current = lessons.signal;
    if (isGone) this.#say('');
    const isOpen = status.state === 'ready' || status.state === 'training' || status.state === 'paused';
    show(this.#work, isOpen);
    const trouble = isUnsupported(status.error) ? status.error : this.#trouble;
    show(this.#intro.root, !isOpen && trouble === undefined);
    const [name, hasOpinions] = [this.#options.name(), this.#options.hasOpinions()];
    const shown = { learner: this.#learner, name, isGone, hasOpinions, progress: this.#progress, trouble };
    for (const region of this.#regions) region.update(shown);
    if (focused !== undefined && !isUsable(focused)) this.#land(focused);
  }

  close(): void {
    for (const region of this.#regions) region.close?.();
  }

  /**
   * Schedules an update, at most one per frame. The frame is requested from the panel's own window: a picture-in-picture window has frames
   * even while the page that opened it is hidden, and a closed window has none.
   */
  #soon(): void {
    const view = this.root.ownerDocument.defaultView ?? window;
    if (this.#due === view) return;
    this.#due = view;
    view.requestAnimationFrame(() => {
      if (this.#due === view) this.#due = undefined;
      this.update();
    });
  }

  #say(text: string): void {
    setText(this.#announcer, text);
  }

  #focused(): HTMLElement | undefined {
    const { activeElement } = this.root.getRootNode() as Partial<ShadowRoot>;
    return activeElement instanceof HTMLElement && this.root.contains(activeElement) ? activeElement : undefined;
  }

  /** Moves the focus from an element that disappeared to one nearby, so that keyboard users stay in place. */
  #land(lost: HTMLElement): void {
    const own = this.#regions.find(({ root }) => root.contains(lost))?.landing();
    const other = this.#regions
      .map((region) => region.landing())
      .find((place) => place !== undefined && isUsable(place));
    (own ?? other)?.focus();
  }
}

function actionsOf(learner: Learner, say: Announce): Actions {
  const succeeds = (action: Promise<unknown>): Promise<boolean> =>
    action.then(
      () => true,
      () => false,
    );
  return {
    load: () => succeeds(learner.load()),
    pause: () => succeeds(learner.pause()),
    resume: () => succeeds(learner.resume()),
    stop: () => succeeds(learner.stop()),
    cancel() {
      void learner.lessons.cancel().then((isAsBefore) => {
        if (isAsBefore) say('Cancelled. It stays as it was.');
      });
    },
    rollback: () => succeeds(learner.rollback()),
    export: () => succeeds(learner.export().then(saveFiles)),
    import(files) {
      try {
        void succeeds(learner.import(byName(files)));
      } catch (error) {
        learner.status.report(error);
      }
    },
    forget: () => succeeds(learner.forget()),
    teach: (lesson) => succeeds(learner.teach(lesson)),
    rate: (rated, rating) => succeeds(learner.rate(rated, rating)),
    correct: (generated, text) => succeeds(learner.correct(generated, text)),
    learn: () => succeeds(learner.learn()),
    label: (lesson) => succeeds(learner.label(lesson)),
    refine: () => succeeds(learner.refine()),
  };
}
