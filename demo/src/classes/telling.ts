import type { LabelScore, PredictInput } from 'webvera';
import { Latest } from '../library/latest';
import { type Bar, showBars } from '../page/bars';
import { byId, setText } from '../page/dom';
import { formatShare } from '../page/format';
import type { ClassesApp } from './app';

/** Shows the probability of each class as bars, and the likeliest class as text. */
class Scores {
  readonly #list = byId('scores', 'ul');
  readonly #told = byId('told', 'p');

  #works = 0;

  /** Marks the text as busy while a prediction is being made. */
  async during(work: Promise<void>): Promise<void> {
    this.#works++;
    this.#told.setAttribute('aria-busy', 'true');
    await work;
    this.#works--;
    if (this.#works === 0) this.#told.setAttribute('aria-busy', 'false');
  }

  /** Removes the bars, and shows the reason. */
  clear(reason: string): void {
    this.#list.replaceChildren();
    setText(this.#told, reason);
  }

  show(scores: readonly LabelScore[]): void {
    const best = scores.reduce((one, other) => (other.score > one.score ? other : one));
    const bars = scores.map(
      (one): Bar => ({ name: one.label, length: one.score, value: formatShare(one.score), quiet: one !== best }),
    );
    showBars(this.#list, bars);
    setText(this.#told, `${best.label}, ${formatShare(best.score)} sure`);
  }
}

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
    const { store, classifier, banner, kind } = this.#app;
    const { learnt, phase, device } = store.value;
    const question = this.#ask();
    if (learnt === undefined) return this.#scores.clear(`Give two classes some ${kind.things}, then try it here.`);
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
