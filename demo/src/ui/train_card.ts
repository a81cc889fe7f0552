import { type StepLogs, WebVeraError } from 'webvera';
import { zipFiles } from '../../../scripts/lib/zip.mjs';
import { type App, act } from '../app';
import { formatCount, formatDuration, formatLoss } from '../format';
import type { Interrupted } from '../library/interrupted';
import { freeName } from '../library/model_files';
import type { Trouble } from '../library/sessions';
import { Training } from '../library/training';
import { type AppState, canTrain, missingForTraining, type TrainingPhase } from '../state';
import { announce } from './announcer';
import { byId, onClick, setText, show } from './dom';
import { downloadFile } from './download';
import { interruptedNote } from './interrupted_note';
import { LossReport } from './loss_report';
import type { SettingsForm } from './settings_form';

const phaseTexts: Readonly<Record<Exclude<TrainingPhase, 'idle'>, string>> = {
  preparing: 'Reading the text and preparing the graphics card…',
  running: 'Training. You can keep using other tabs.',
  pausing: 'Finishing the steps that have begun…',
  paused: 'Paused. Nothing is lost.',
  stopping: 'Stopping…',
};

const troubleTexts: Readonly<Record<Trouble, string>> = {
  recovering: 'Something broke off. The model is loaded again, and the run goes on by itself…',
  blocked: 'The browser holds the graphics card back for now. The run goes on by itself in a minute or two…',
};

/** Starts and steers a run, and shows how it goes. `onTrained` is called once there is a new adapter. */
export function trainCard(app: App, settingsForm: SettingsForm, onTrained: () => void): void {
  const { store, banner, confirm, rack } = app;
  const card = byId('train-card', 'section');
  const name = byId('adapter-name', 'input');
  const [start, pause, stop, python, cancel] = (['start', 'pause', 'stop', 'go-on-in-python', 'cancel'] as const).map(
    (id) => byId(id, 'button'),
  ) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];
  const numbers = new Numbers();
  const report = new LossReport();
  const note = interruptedNote(app, (run) => train(run));
  let training: Training | undefined;
  /** The name that the adapter of the run will have. */
  let id = '';
  /** What the last run came to. */
  let outcome = '';

  async function train(interrupted?: Interrupted): Promise<void> {
    const { model, corpus, saved, unsaved } = store.value;
    const settings = interrupted?.settings ?? settingsForm.read();
    if (settings === undefined) {
      settingsForm.revealProblem();
      banner.show('error', 'Some settings need another value.', 'What is wrong stands beside each of them.');
      return;
    }
    if (model === undefined || corpus === undefined) return;
    banner.clear();
    const taken = [...saved, ...(unsaved === undefined ? [] : [unsaved])].map((adapter) => adapter.id);
    id = freeName(interrupted?.name ?? (name.value.trim() || suggestedName(corpus.name)), taken);
    const began = performance.now();
    numbers.begin(settings.max_steps);
    report.begin(settings.max_steps);
    training = new Training({
      model,
      corpus,
      settings,
      resume: interrupted !== undefined,
      onPhase: (phase) => store.set({ phase }),
      onLog: (logs, maxSteps) => {
        numbers.show(logs, maxSteps);
        report.add(logs, maxSteps);
      },
      onWarning: (message) => banner.show('note', message),
      onRecovered: (message, logs, maxSteps) => {
        banner.show('note', message);
        numbers.begin(maxSteps);
        report.begin(maxSteps);
        for (const log of logs) {
          numbers.show(log, maxSteps);
          report.add(log, maxSteps);
        }
      },
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
      report.end(output.global_step);
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
      numbers.end();
      note.end(goesOn);
      store.set({ phase: 'idle' });
    }
  }

  onClick(start, () => train());
  onClick(pause, () =>
    (store.value.phase === 'paused' ? training?.resume() : training?.pause())?.catch((error: unknown) =>
      banner.report(error),
    ),
  );
  onClick(stop, () => training?.stop().catch(() => {})); // the run itself reports what went wrong
  onClick(python, () =>
    act(app, async () => {
      const files = await training?.exportRun();
      if (files === undefined) return;
      downloadFile(`${id}-run.zip`, await zipFiles(files));
      announce('The run is downloaded. Its README.md tells how to go on in Python.');
    }),
  );
  onClick(cancel, async () => {
    const sure = await confirm.ask({
      title: 'Cancel this run?',
      text: 'What it has learnt so far is thrown away. “Stop and keep” ends it without loss.',
      yes: 'Cancel the run',
      no: 'Go on',
    });
    if (sure) training?.cancel();
  });
  window.addEventListener('beforeunload', (event) => {
    if (store.value.phase !== 'idle') event.preventDefault();
  });

  store.watch((state: AppState, before: AppState) => {
    const { phase, trouble, corpus, kept, busy } = state;
    const idle = phase === 'idle';
    const focused = document.activeElement;
    // A button that was disabled on the way has left the focus to the body.
    const hadFocus = byId('train-actions', 'div').contains(focused) || focused === document.body;
    card.dataset.phase = phase;
    show(start, idle);
    for (const button of [pause, stop, python, cancel]) show(button, !idle);
    start.disabled = !canTrain(state);
    pause.disabled = phase !== 'running' && phase !== 'paused';
    setText(pause, phase === 'paused' ? 'Resume' : 'Pause');
    stop.disabled = phase !== 'running' && phase !== 'paused';
    python.disabled = busy || (phase !== 'running' && phase !== 'paused');
    cancel.disabled = phase === 'stopping';
    name.disabled = !idle;
    if (corpus !== before.corpus) name.placeholder = corpus === undefined ? '' : suggestedName(corpus.name);
    const safe = phase === 'running' && kept > 0 ? ` Kept up to step ${formatCount(kept)}.` : '';
    const going = trouble !== undefined ? troubleTexts[trouble] : idle ? '' : phaseTexts[phase];
    setText(byId('train-status', 'p'), idle ? missingForTraining(state) || outcome : going + safe);
    if (hadFocus && idle !== (before.phase === 'idle')) (idle ? start : cancel).focus({ preventScroll: true });
  });
}

/** It went down with the GPU or the worker. */
function isLost(error: unknown): boolean {
  const lost = ['device_lost', 'worker_crashed', 'gpu_blocked', 'unsupported_device'];
  return error instanceof WebVeraError && lost.includes(error.code);
}

/** Not where the visitor has cancelled it, or where it would end the same way again. */
function isWorthGoingOn(error: unknown): boolean {
  const isHopeless = error instanceof WebVeraError && ['numerical_error', 'invalid_argument'].includes(error.code);
  return !isHopeless && !(error instanceof DOMException && error.name === 'AbortError');
}

/** The numbers and the bar. */
class Numbers {
  readonly #bar = byId('train-bar', 'progress');

  begin(maxSteps: number): void {
    this.#write(`0 of ${formatCount(maxSteps)}`, '–', '–', '–');
    this.#bar.removeAttribute('value');
    show(this.#bar, true);
  }

  show({ step, loss, tokens_per_second, seconds_left }: StepLogs, maxSteps: number): void {
    const left = formatDuration(seconds_left);
    this.#write(
      `${formatCount(step)} of ${formatCount(maxSteps)}`,
      formatLoss(loss),
      formatCount(tokens_per_second),
      left,
    );
    this.#bar.value = (100 * step) / maxSteps;
    this.#bar.setAttribute('aria-valuetext', `Step ${step} of ${maxSteps}, ${left} left`);
  }

  end(): void {
    show(this.#bar, false);
    setText(byId('number-left', 'dd'), '–');
  }

  #write(step: string, loss: string, speed: string, left: string): void {
    setText(byId('number-step', 'dd'), step);
    setText(byId('number-loss', 'dd'), loss);
    setText(byId('number-speed', 'dd'), speed);
    setText(byId('number-left', 'dd'), left);
  }
}

function suggestedName(corpusName: string): string {
  return corpusName.replace(/\.[a-z0-9]+$/i, '') || 'my-text';
}
