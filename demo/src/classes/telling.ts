import type { PredictInput } from 'webvera';
import { Latest } from '../library/latest';
import type { ClassesApp } from './app';
import { Scores } from './scores';

/** An input to classify, or what to ask the visitor for. */
export type Question = { readonly input: PredictInput } | { readonly wish: string };

/** Classifies the visitor's input, as fast as the model can. */
export class Telling<Content> {
  readonly #app: ClassesApp<Content>;
  readonly #ask: () => Question;
  readonly #scores = new Scores();
  #hasFailed = false;
  readonly #latest = new Latest(() => this.#tell());

  /** `ask` returns the current input. */
  constructor(app: ClassesApp<Content>, ask: () => Question) {
    this.#app = app;
    this.#ask = ask;
    app.store.watch(({ learnt, phase, device }, before) => {
      const isNew = learnt !== before.learnt || phase !== before.phase || device !== before.device;
      if (isNew) void this.tell();
    });
  }

  /** Whether the last prediction failed. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Predicts. Resolves once the result is shown. */
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
