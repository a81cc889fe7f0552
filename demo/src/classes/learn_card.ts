import { counted, formatBytes } from '../../../src/parts/words';
import { announce } from '../page/announcer';
import { byId, setText } from '../page/dom';
import { formatDuration } from '../page/format';
import { NumberForm, readOrReport } from '../run/number_form';
import { runButtons } from '../run/run_buttons';
import { RunProgress } from '../run/run_progress';
import { isLost, runText } from '../run/run_texts';
import { settingsFields, whole } from '../run/settings_fields';
import type { Training } from '../run/training';
import type { ClassesApp } from './app';
import { missingIn } from './class_set';
import { type ClassRun, measuredBy } from './classifier';
import type { Learnt, Measured } from './learnt';
import { type ClassesState, canLearn } from './state';

const { max_steps, learning_rate, headLearningRate, r, seed } = settingsFields;
const fields = { max_steps: { ...max_steps, range: whole(1, 10_000) }, learning_rate, headLearningRate, r, seed };

/** Starts and controls a run on the samples, and shows its progress. */
export function learnCard<Content>(app: ClassesApp<Content>): void {
  const { store, banner, classifier, kind } = app;
  const { things } = kind;
  const form = new NumberForm(fields, kind.defaults);
  const progress = new RunProgress({ meaning: `how far off the model is about your ${things}` });
  const right = byId('number-right', 'dd');
  let training: Training | undefined;
  /** The outcome of the last run. */
  let outcome = '';

  async function learn(): Promise<void> {
    const settings = readOrReport(form, banner);
    if (settings === undefined) return;
    banner.clear();
    const began = performance.now();
    progress.begin(settings.max_steps);
    setText(right, '–');
    const { set } = store.value;
    const run: ClassRun = classifier.train(set, settings, {
      ...progress.listener(app),
      onEvaluated: (metrics) => setText(right, shareOf(measuredBy(metrics))),
    });
    training = run.training;
    try {
      const learnt = await run.result();
      const seconds = (performance.now() - began) / 1000;
      setText(right, shareOf(learnt.measured));
      outcome = `It has learnt from ${counted(learnt.samples, kind.thing)} in ${formatDuration(seconds)}. ${measuredText(learnt)}`;
      store.set({ learnt, isStale: false, phase: 'idle' });
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
    const preparing =
      loading === undefined || loading.total === 0
        ? `Reading the ${things} and preparing the graphics card…`
        : `Loading ${kind.model}: ${formatBytes(loading.loaded)} of ${formatBytes(loading.total)}…`;
    return phase === 'idle' ? missingIn(set, things) || outcome : runText(phase, trouble, preparing);
  };

  runButtons(app, { start: learn, canStart: (state) => canLearn(state, kind), training: () => training });
  store.watch((state) => {
    form.enable(state.phase === 'idle');
    setText(byId('train-status', 'p'), textOf(state));
  });
}

function shareOf(measured: Measured | undefined): string {
  return measured === undefined ? '–' : `${measured.right} of ${measured.of}`;
}

/** Describes the accuracy of a run. */
function measuredText({ measured }: Learnt): string {
  if (measured === undefined) return 'With five or more in each class, some are held out to measure it by.';
  return `Of those held out, it tells ${shareOf(measured)} right.`;
}
