import type { LabelScore, PredictInput } from 'webvera';
import { Latest } from '../../library/latest';
import { announce } from '../../page/announcer';
import { byId, setText } from '../../page/dom';
import { tellResult } from '../../page/result_event';
import type { ClassesApp } from '../app';
import { missingIn } from '../class_set';
import type { Learnt } from '../learnt';
import type { ClassesState } from '../state';
import type { ClassRows } from './class_rows';
import { toldInWords } from './told_in_words';

/** An input to classify, or a request to the visitor for one. */
export type Question = { readonly input: PredictInput } | { readonly wish: string };

/** Milliseconds for which the likeliest class must stay the same before screen readers announce it. */
const CALM = 1000;

/** Classifies the visitor's input, as fast as the model can, and shows each class' probability. */
export class Telling<Content> {
  readonly #app: ClassesApp<Content>;
  readonly #rows: Pick<ClassRows<Content>, 'showScores' | 'updateTeaching'>;
  readonly #ask: () => Question;
  readonly #told = byId('told', 'p');
  #works = 0;
  #hasFailed = false;
  /** The class that was last announced. With a camera or during typing, answers change too often to announce each of them. */
  #announced: string | undefined;
  /** The answer that is announced if its class stays the likeliest. */
  #pending: { readonly label: string; readonly text: string } | undefined;
  #announcing: ReturnType<typeof setTimeout> | undefined;
  readonly #latest = new Latest(() => this.#tell());

  /** `ask` returns the current input. */
  constructor(
    app: ClassesApp<Content>,
    rows: Pick<ClassRows<Content>, 'showScores' | 'updateTeaching'>,
    ask: () => Question,
  ) {
    this.#app = app;
    this.#rows = rows;
    this.#ask = ask;
    app.store.watch(({ learnt, learnFailed, device, set }, before) => {
      const isOther = learnt !== before.learnt || learnFailed !== before.learnFailed;
      if (isOther || device !== before.device || set.classes !== before.set.classes) void this.tell();
    });
  }

  /** Whether the last prediction failed. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Classifies the visitor's current input. Resolves once the result is shown. */
  async tell(): Promise<void> {
    this.#rows.updateTeaching();
    this.#works++;
    this.#told.setAttribute('aria-busy', 'true');
    await this.#latest.push(undefined);
    this.#works--;
    if (this.#works === 0) this.#told.setAttribute('aria-busy', 'false');
  }

  async #tell(): Promise<void> {
    const { store, classifier, banner, kind } = this.#app;
    const { learnFailed, device, set } = store.value;
    const learnt = learntFor(store.value);
    const question = this.#ask();
    if ('wish' in question) return this.#show(question.wish, learnt);
    if (device?.usable !== true) return this.#show('', learnt);
    if (learnt === undefined)
      return this.#show(missingIn(set, kind.things) || (learnFailed ? 'It could not learn.' : 'Learning…'), learnt);
    if (!classifier.isOpen) this.#show('Loading what it has learnt…', learnt);
    try {
      const scores = await classifier.tell(learnt, question.input);
      this.#show(toldInWords(scores), learnt, scores);
      this.#announce(toldInWords(scores), scores);
      this.#hasFailed = false;
      tellResult();
    } catch (error) {
      if (learntFor(store.value) !== learnt) return; // the visitor deleted the data, or the model learnt again
      this.#hasFailed = true;
      this.#show('It could not tell.', learnt);
      banner.report(error);
    }
  }

  #announce(text: string, scores: readonly LabelScore[]): void {
    const { label } = scores.reduce((best, one) => (one.score > best.score ? one : best));
    const waits = label === this.#pending?.label;
    this.#pending = { label, text };
    if (waits) return;
    clearTimeout(this.#announcing);
    this.#announcing = setTimeout(() => this.#onCalm(), CALM);
  }

  #onCalm(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined || pending.label === this.#announced) return;
    this.#announced = pending.label;
    announce(pending.text);
  }

  #show(text: string, learnt: Learnt | undefined, scores?: readonly LabelScore[]): void {
    if (scores === undefined) this.#pending = this.#announced = undefined;
    setText(this.#told, text);
    this.#rows.showScores(learnt, scores);
  }
}

/** Returns what the model has learnt; undefined if one of the classes that it predicts was removed. */
function learntFor({ learnt, set }: Pick<ClassesState<unknown>, 'learnt' | 'set'>): Learnt | undefined {
  const ids = new Set(set.classes.map(({ id }) => id));
  return learnt?.classIds.every((id) => ids.has(id)) ? learnt : undefined;
}
