import { formatBytes } from '../../../src/parts/words';
import { announce } from '../page/announcer';
import { byId, setText, show } from '../page/dom';
import { formatDuration } from '../page/format';
import { NumberForm, readOrReport } from '../run/number_form';
import { runButtons } from '../run/run_buttons';
import { RunProgress } from '../run/run_progress';
import { isLost, runText } from '../run/run_texts';
import { settingsFields, whole } from '../run/settings_fields';
import type { Training } from '../run/training';
import type { ClassesApp } from './app';
import { missingIn } from './class_set';
import type { Kind } from './kind';
import { accuracyInWords, rightOf } from './learnt';
import type { Refined } from './refinement';
import { type ClassesState, canLearn } from './state';

const { max_steps, learning_rate, headLearningRate, r, seed } = settingsFields;
const fields = { max_steps: { ...max_steps, range: whole(1, 10_000) }, learning_rate, headLearningRate, r, seed };

/** Shows how often the model is right, starts and controls a refinement, and shows its progress. */
export function learnCard<Content>(app: ClassesApp<Content>): void {
  const { store, banner, classifier, kind } = app;
  const { things } = kind;
  const form = new NumberForm(fields, kind.defaults);
  const progress = new RunProgress({ meaning: `how far off the model is about your ${things}` });
  const right = byId('number-right', 'dd');
  let training: Training | undefined;
  /** The outcome of the last run. */
  let outcome = '';

  async function refine(): Promise<void> {
    const settings = readOrReport(form, banner);
    if (settings === undefined) return;
    banner.clear();
    const began = performance.now();
    show(byId('run', 'div'), true);
    progress.begin(settings.max_steps);
    setText(right, '–');
    const { set } = store.value;
    const refinement = classifier.refine(set, settings, {
      ...progress.listener(app),
      onEvaluated: ({ accuracy = 0, eval_rows: of = 0 }) => setText(right, `${Math.round(accuracy * of)} of ${of}`),
    });
    training = refinement.training;
    try {
      const refined = await refinement.result();
      outcome = outcomeInWords(refined, kind, (performance.now() - began) / 1000);
      if (refined.after !== undefined) setText(right, `${refined.after.right} of ${refined.after.of}`);
      const { learnt } = refined;
      store.set({ ...(learnt !== undefined && { learnt, isStale: false }), phase: 'idle' });
      announce(outcome);
    } catch (error) {
      outcome = 'The run ended early, and nothing was kept of it.';
      if (isLost(error)) classifier.forget();
      banner.report(error);
    } finally {
      training = undefined;
      progress.end();
      store.set({ phase: 'idle' });
    }
  }

  const textOf = (state: ClassesState<Content>): string => {
    const { phase, trouble, set, loading } = state;
    const loadingText =
      loading && `Loading ${kind.model}: ${formatBytes(loading.loaded)} of ${formatBytes(loading.total)}…`;
    if (phase !== 'idle')
      return runText(phase, trouble, loadingText ?? `Reading the ${things} and preparing the graphics card…`);
    return missingIn(set, things) || loadingText || outcome;
  };

  runButtons(app, { start: refine, canStart: (state) => canLearn(state, kind), training: () => training });
  store.watch((state, before) => {
    if (state.set !== before.set) outcome = '';
    form.enable(state.phase === 'idle');
    const { text, note } = standingOf(state, kind);
    setText(byId('accuracy', 'p'), text);
    setText(byId('accuracy-note', 'p'), note);
    byId('accuracy', 'p').setAttribute('aria-busy', String(state.learning));
    setText(byId('train-status', 'p'), textOf(state));
  });
}

function standingOf(
  { learnt, learning }: ClassesState<unknown>,
  kind: Pick<Kind<unknown>, 'thing' | 'things'>,
): { readonly text: string; readonly note: string } {
  if (learnt !== undefined) return accuracyInWords(learnt, kind);
  const text = learning ? 'Learning…' : 'It learns as you label.';
  return { text, note: `Here you see how often it is right for ${kind.things} it has not seen.` };
}

/** Describes what came of a run. */
function outcomeInWords(
  { learnt, samples, before, after }: Refined,
  { things }: Pick<Kind<unknown>, 'things'>,
  seconds: number,
): string {
  const run = `Refined on ${samples} ${things} in ${formatDuration(seconds)}`;
  if (before === undefined || after === undefined) {
    return `${run}, and kept. With five in each class, some are held out to judge it by.`;
  }
  const figures = `right for ${rightOf(before)} held-out ${things} before, and for ${rightOf(after)} after`;
  return learnt === undefined
    ? `${run}: ${figures}. That is no better, so it was left as it was.`
    : `${run}, and kept: ${figures}.`;
}
