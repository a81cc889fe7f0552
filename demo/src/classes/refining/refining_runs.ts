import { announce } from '../../page/announcer';
import { isLost } from '../../run/run_texts';
import type { ClassesApp } from '../app';
import { type ClassesState, canRefine, type Refining } from '../state';
import { outcomeInWords } from './outcome';

/** Refines what was learnt: in idle time, or at once if the visitor asks for it. A run ends when the samples change. */
export class RefiningRuns<Content> {
  readonly #app: ClassesApp<Content>;
  #abort: AbortController | undefined;
  /** Whether the visitor has asked for the next run, which then doesn't wait for idle time. */
  #isAsked = false;

  constructor(app: ClassesApp<Content>) {
    this.#app = app;
    const { store, kind } = app;
    store.watch((state, before) => {
      if (state.set !== before.set) this.stop();
      const isWanted = this.#isAsked || (state.refinesInIdleTime && !state.isRefined);
      const isDue = isWanted && canRefine(state, kind);
      if (isDue && this.#abort === undefined) void this.#start(this.#isAsked ? 'now' : 'idle');
    });
  }

  /** Cancels the run in progress. The learnt adapter stays as it was. */
  stop(): void {
    this.#abort?.abort();
  }

  /** Refines without waiting for idle time. */
  startNow(): void {
    this.#isAsked = true;
    if (this.#abort === undefined) void this.#start('now');
    else this.stop(); // the next run begins at once
  }

  async #start(when: 'now' | 'idle'): Promise<void> {
    const { store, classifier, banner, kind } = this.#app;
    const { set, learnt } = store.value;
    if (learnt === undefined) return;
    this.#isAsked = false;
    const abort = new AbortController();
    this.#abort = abort;
    const show = (refining: Refining): void => store.set({ refining });
    show({ stage: when === 'idle' ? 'waiting' : 'preparing', step: 0, steps: 0 });
    let ended: Partial<ClassesState<Content>> = {};
    try {
      const refinement = await classifier.refine(set, learnt, { when, signal: abort.signal, onProgress: show });
      const outcome = outcomeInWords(refinement.record, kind.things);
      ended = { ...(refinement.learnt && { learnt: refinement.learnt }), isRefined: true, outcome };
      announce(outcome);
    } catch (error) {
      if (!abort.signal.aborted) {
        ended = { isRefined: true, outcome: 'Refining broke off. What it had learnt is as it was.' };
        if (isLost(error)) classifier.forget();
        banner.report(error);
      }
    } finally {
      this.#abort = undefined;
      store.set({ refining: undefined, ...(store.value.set === set && ended) });
    }
  }
}
