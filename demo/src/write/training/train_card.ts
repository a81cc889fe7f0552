import { get_peft_model, Trainer, WebVeraError } from 'webvera';
import { zipFiles } from '../../../../scripts/shared/zip.mjs';
import { saveFiles } from '../../../../src/parts/files';
import { freeName } from '../../library/model_files';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, onClick, setText, show } from '../../page/dom';
import { formatCount, formatDuration } from '../../page/format';
import { readOrReport } from '../../run/number_form';
import { runButtons } from '../../run/run_buttons';
import { RunProgress } from '../../run/run_progress';
import { isLost, runText } from '../../run/run_texts';
import { Training } from '../../run/training';
import type { App } from '../app';
import { type AppState, canTrain, missingForTraining } from '../state';
import type { Interrupted } from './interrupted';
import { interruptedNote } from './interrupted_note';
import { toTrainingArguments, toVeraConfig } from './settings';
import type { SettingsForm } from './settings_form';

/** Starts and controls a run, and shows its progress. `onTrained` is called after a new adapter was stored. */
export function trainCard(app: App, settingsForm: SettingsForm, onTrained: () => void): void {
  const { store, banner, rack } = app;
  const name = byId('adapter-name', 'input');
  const python = byId('go-on-in-python', 'button');
  const progress = new RunProgress({
    meaning: 'how surprised the model is by your text',
    speed: byId('number-speed', 'dd'),
  });
  const note = interruptedNote(app, (run) => train(run));
  let training: Training | undefined;
  /** The name of the run's adapter. */
  let id = '';
  /** The outcome of the last run. */
  let outcome = '';

  async function train(interrupted?: Interrupted): Promise<void> {
    const { model, corpus, saved, unsaved } = store.value;
    const settings = interrupted?.settings ?? readOrReport(settingsForm, banner);
    if (settings === undefined || model === undefined || corpus === undefined) return;
    banner.clear();
    const taken = [...saved, ...(unsaved === undefined ? [] : [unsaved])].map((adapter) => adapter.id);
    id = freeName(interrupted?.name ?? (name.value.trim() || suggestedName(corpus.name)), taken);
    const began = performance.now();
    progress.begin(settings.max_steps);
    training = new Training({
      ...progress.listener(app),
      adapt: () => get_peft_model(model.base, toVeraConfig(settings, model.name)),
      trainer: (vera) => new Trainer({ model: vera, args: toTrainingArguments(settings), train_dataset: corpus.blob }),
      resume: interrupted !== undefined,
      onPhase: (phase) => store.set({ phase, read: undefined }),
      onReading: (read) => store.set({ read }),
      onKept: (step) => {
        store.set({ kept: step });
        note.keep({
          name: id,
          model: model.name,
          corpus: { name: corpus.name, bytes: corpus.blob.size },
          settings,
          step,
        });
      },
    });
    if (interrupted === undefined) note.begin();
    store.set({ kept: interrupted?.step ?? 0 });
    let goesOn = false;
    try {
      const { vera, output } = await training.start();
      progress.done(output.global_step);
      const seconds = (performance.now() - began) / 1000;
      outcome = `Done: ${formatCount(output.global_step)} steps in ${formatDuration(seconds)}. Saved as “${id}” and switched on.`;
      await rack.keep({ id, vera });
      announce(outcome);
      store.set({ phase: 'idle' });
      onTrained();
    } catch (error) {
      const { unsaved, kept } = store.value;
      const trained = unsaved?.id === id;
      goesOn = kept > 0 && isWorthGoingOn(error);
      outcome = trained
        ? `Done, but “${id}” could not be saved: see below.`
        : goesOn
          ? `The run broke off. It is kept up to step ${formatCount(kept)}.`
          : 'The run ended early, and nothing was kept.';
      if (isLost(error)) app.dropModel();
      banner.report(error);
    } finally {
      training = undefined;
      progress.end();
      note.end(goesOn);
      store.set({ phase: 'idle' });
    }
  }

  onClick(python, () =>
    act(app, async () => {
      const files = await training?.exportRun();
      if (files === undefined) return;
      saveFiles(new Map([[`${id}-run.zip`, await zipFiles(files)]]));
      announce('The run is downloaded. Its README.md tells how to go on in Python.');
    }),
  );
  runButtons(app, { start: () => train(), canStart: canTrain, training: () => training });
  store.watch((state: AppState, before: AppState) => {
    const { phase, read, trouble, corpus, kept, busy } = state;
    const idle = phase === 'idle';
    show(python, !idle);
    python.disabled = busy || (phase !== 'running' && phase !== 'paused');
    name.disabled = !idle;
    if (corpus !== before.corpus) name.placeholder = corpus === undefined ? '' : suggestedName(corpus.name);
    const safe = phase === 'running' && kept > 0 ? ` Kept up to step ${formatCount(kept)}.` : '';
    const share = read === undefined ? '' : ` (${Math.floor(100 * read)} %)`;
    const going = runText(phase, trouble, `Reading the text${share} and preparing the graphics card…`);
    setText(byId('train-status', 'p'), idle ? missingForTraining(state) || outcome : going + safe);
  });
}

/** Whether a run that failed is worth resuming: not if the visitor cancelled it, or if it would fail again. */
function isWorthGoingOn(error: unknown): boolean {
  const isHopeless = error instanceof WebVeraError && ['numerical_error', 'invalid_argument'].includes(error.code);
  return !isHopeless && !(error instanceof DOMException && error.name === 'AbortError');
}

function suggestedName(corpusName: string): string {
  return corpusName.replace(/\.[a-z0-9]+$/i, '') || 'my-text';
}
