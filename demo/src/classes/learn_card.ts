import { formatBytes } from '../../../src/parts/words';
import { byId, onClick, setShare, setText, show } from '../page/dom';
import type { ClassesApp } from './app';
import { missingIn } from './class_set';
import { Confusions } from './confusions';
import type { Kind } from './kind';
import { accuracyInWords } from './learnt';
import { RefiningRuns } from './refining/refining_runs';
import { type ClassesState, canRefine } from './state';

/** Shows how often the model is right and what it confuses, and refines it. `learnAgain` tries again to learn after a failure. */
export function learnCard<Content>(app: ClassesApp<Content>, learnAgain: () => void): void {
  const { store, kind } = app;
  const runs = new RefiningRuns(app);
  const confusions = new Confusions(byId('confusions-frame', 'div'), byId('confusions', 'table'));
  const [start, stop, idle] = [byId('refine', 'button'), byId('stop', 'button'), byId('refine-idle', 'input')];
  const again = byId('learn-again', 'button');
  const [accuracy, bar] = [byId('accuracy', 'p'), byId('train-bar', 'progress')];
  onClick(start, () => runs.startNow());
  onClick(stop, () => {
    store.set({ refinesInIdleTime: false });
    runs.stop();
  });
  onClick(again, () => {
    app.banner.clear();
    learnAgain();
    accuracy.focus();
  });
  window.addEventListener('online', () => {
    if (store.value.learnFailed) learnAgain();
  });
  idle.addEventListener('change', () => {
    store.set({ refinesInIdleTime: idle.checked });
    if (!idle.checked && store.value.refining?.stage === 'waiting') runs.stop();
  });

  store.watch((state) => {
    const { learnt, refining } = state;
    const { text, note, awaits } = standingOf(state, kind);
    setText(accuracy, text);
    accuracy.setAttribute('aria-busy', String(state.learning));
    setText(byId('accuracy-note', 'p'), note);
    setText(byId('train-status', 'p'), statusOf(state, kind));
    confusions.update(learnt, kind.things);
    byId('train-card', 'section').classList.toggle('awaits', awaits);
    idle.checked = state.refinesInIdleTime;
    const isUnderWay = refining !== undefined && refining.stage !== 'waiting';
    // A button loses the focus when it is hidden, so the focus moves to the other button.
    const hadFocus = document.activeElement === (isUnderWay ? start : stop);
    show(start, !isUnderWay);
    show(stop, isUnderWay);
    show(bar, isUnderWay);
    show(again, hasFailed(state, kind));
    if (isUnderWay) setShare(bar, refining.steps === 0 ? undefined : refining.step / refining.steps);
    start.disabled = !(canRefine(state, kind) || refining?.stage === 'waiting');
    if (hadFocus) (isUnderWay ? stop : start).focus();
    byId('train-card', 'section').dataset.phase = isUnderWay ? 'running' : 'idle';
  });
}

/** Whether the last attempt to learn the current samples failed. */
function hasFailed(
  { learnFailed, isStale, set }: ClassesState<unknown>,
  { things }: Pick<Kind<unknown>, 'things'>,
): boolean {
  return learnFailed && isStale && missingIn(set, things) === '';
}

function standingOf(
  state: ClassesState<unknown>,
  kind: Pick<Kind<unknown>, 'thing' | 'things'>,
): { readonly text: string; readonly note: string; readonly awaits: boolean } {
  const { learnt, learning, set } = state;
  const missing = missingIn(set, kind.things);
  const hasAll = missing === '';
  const isOutdated = hasFailed(state, kind) && { note: 'It could not learn the latest changes.' };
  if (learnt !== undefined && hasAll) return { ...accuracyInWords(learnt, kind), ...isOutdated, awaits: false };
  if (learning) return { text: 'Learning…', note: '', awaits: hasAll };
  if (isOutdated) return { text: 'It could not learn.', note: '', awaits: false };
  return { text: missing || 'It learns as you label.', note: '', awaits: hasAll };
}

function statusOf(
  { loading, trouble, refining, outcome }: ClassesState<unknown>,
  kind: Pick<Kind<unknown>, 'things'>,
): string {
  if (trouble !== undefined) return 'Something broke off. It goes on by itself…';
  if (loading !== undefined)
    return `Loading the model: ${formatBytes(loading.loaded)} of ${formatBytes(loading.total)}…`;
  if (refining === undefined) return outcome;
  const { stage, step, steps } = refining;
  if (stage === 'waiting') return 'It refines itself as soon as you pause.';
  if (stage === 'preparing') return 'Preparing to refine…';
  if (stage === 'measuring') return `Comparing, on ${kind.things} kept apart…`;
  return `Refining: step ${step} of ${steps}. You can go on meanwhile.`;
}
