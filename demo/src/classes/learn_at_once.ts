import { Latest } from '../library/latest';
import { announce } from '../page/announcer';
import { isLost } from '../run/run_texts';
import type { ClassesApp } from './app';
import { accuracyInWords } from './learnt';
import { type ClassesState, canLearn } from './state';

/** Learns from the samples after every change, also after a change during learning. Returns a function that retries after a failure. */
export function learnAtOnce<Content>({ store, classifier, banner, kind }: ClassesApp<Content>): () => void {
  const isDue = (state: ClassesState<Content>): boolean => state.isStale && canLearn(state, kind);
  let wipes = 0;
  const learning = new Latest(async () => {
    if (!isDue(store.value)) return;
    const { set, learnt: before } = store.value;
    // If this page now shows another tab's samples, and that tab has already learnt from them, the other tab's result stays.
    const isReplaced = (): boolean => store.value.set !== set && !store.value.isStale;
    const wipesBefore = wipes;
    const isDiscarded = (): boolean => wipes !== wipesBefore || isReplaced();
    store.set({ learning: true, learnFailed: false });
    try {
      const learnt = await classifier.learn(set, before);
      if (isDiscarded()) return;
      store.set({ learnt, isStale: store.value.set !== set });
      if (!store.value.isStale) announce(accuracyInWords(learnt, kind).text);
    } catch (error) {
      if (isDiscarded()) return;
      if (isLost(error)) classifier.forget();
      store.set({ learnFailed: true });
      banner.report(error);
    } finally {
      store.set({ learning: false });
    }
  });
  store.watch((state, { set, busy, device }) => {
    if (set.samples.length > 0 && state.set.samples.length === 0) wipes += 1;
    const isNew = state.set !== set || state.busy !== busy || state.device !== device;
    if (isNew && isDue(state)) void learning.push(undefined);
  });
  return () => void learning.push(undefined);
}
