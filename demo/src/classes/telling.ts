import type { PredictInput } from 'webvera';
import { Latest } from '../library/latest';
import type { ClassesApp } from './app';
import { Scores } from './scores';

/** What is to be told of. Without an input, what the visitor is asked for. */
export type Question = { readonly input: PredictInput } | { readonly wish: string };

/** Tells the class of what the visitor shows, as fast as it comes and the model can. */
export class Telling<Content> {
  readonly #app: ClassesApp<Content>;
  readonly #ask: () => Question;
  readonly #scores = new Scores();
  #hasFailed = false;
  readonly #latest = new Latest(() => this.#tell());

  /** `ask` gives what is shown by then. */
  constructor(app: ClassesApp<Content>, ask: () => Question) {
    this.#app = app;
    this.#ask = ask;
    app.store.watch(({ learnt, phase, device }, before) => {
      const isNew = learnt !== before.learnt || phase !== before.phase || device !== before.device;
      if (isNew) void this.tell();
    });
  }

  /** Whether it failed the last time. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Resolves once it is told. */
  tell(): Promise<void> {
    return this.#scores.during(this.#latest.push(undefined));
  }

  async #tell(): Promise<void> {
    const { store, classifier, banner } = this.#app;
    const { learnt, phase, device } = store.value;
    const question = this.#ask();
    if (learnt === undefined) return this.#scores.clear('Train it first, then try it here.');
    if (phase !== 'idle') return this.#scores.clear('It tells again once the run has ended.');
    if ('wish' in question) return this.#scores.clear(question.wish);
    if (device?.usable !== true) return this.#scores.clear('');
    if (!classifier.isOpen) this.#scores.clear('Loading what it has learnt…');
    try {
      this.#scores.show(await classifier.tell(learnt, question.input));
      this.#hasFailed = false;
    } catch (error) {
      if (store.value.learnt !== learnt) return; // wiped meanwhile
      this.#hasFailed = true;
      this.#scores.clear('It could not tell.');
      banner.report(error);
    }
  }
}
