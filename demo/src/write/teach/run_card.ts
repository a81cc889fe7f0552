import { type AnyAdaptedModel, get_peft_model, Trainer, WebVeraError } from 'webvera';
import { counted } from '../../../../src/parts/words';
import { ChoiceProblem } from '../../library/choice_problem';
import { loadInWords } from '../../library/load_words';
import { saveZip } from '../../library/save_zip';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, onClick, setText, show } from '../../page/dom';
import { formatCount, formatDuration } from '../../page/format';
import { tellResult } from '../../page/result_event';
import { readOrReport } from '../../run/number_form';
import { runButtons } from '../../run/run_buttons';
import { isLost, runText } from '../../run/run_texts';
import { type Trained, Training } from '../../run/training';
import type { App } from '../app';
import { outcomeCard } from '../outcome/outcome_card';
import { type AppState, type Corpus, canTeach, type ReadyModel, whereKept } from '../state';
import { promptIds } from '../try/pair';
import type { PairCard } from '../try/pair_card';
import { Anew } from './anew';
import { type SplitText, splitText } from './held_out';
import type { Interrupted } from './interrupted';
import { interruptedNote } from './interrupted_note';
import { configOf } from './methods';
import { Report } from './report';
import { type Settings, toTrainingArguments } from './settings';
import type { SettingsForm } from './settings_form';

/** The inputs of a training run. */
interface Lesson {
  /** The name of the voice (an adapter that writes in somebody's style). */
  readonly id: string;
  readonly model: ReadyModel;
  readonly text: SplitText;
  /** Words that the model continues while it learns. */
  readonly opening: string;
  readonly settings: Settings;
  /** The training run to resume, if any. */
  readonly interrupted: Interrupted | undefined;
}

/** Starts and controls a training run, and shows its progress and its outcome. */
export function runCard(app: App, settingsForm: SettingsForm, pair: PairCard): void {
  const { store, banner, rack, models } = app;
  const name = byId('voice-name', 'input');
  const python = byId('go-on-in-python', 'button');
  const report = new Report();
  const anew = new Anew();
  const outcome = outcomeCard(app);
  const note = interruptedNote(app, (run) => teach(run));
  let training: Training | undefined;
  let id = '';
  /** The trained voice; undefined until its perplexity is measured. */
  let taught: AnyAdaptedModel | undefined;
  /** Whether the training run has begun. From then on, it has replaced or resumed any interrupted run. */
  let hasBegun = false;
  /** Aborts the work before and after the training run: loading the model, and measuring the result. */
  let cancelled = new AbortController();
  let status = '';

  async function teach(interrupted?: Interrupted): Promise<void> {
    const { corpus } = store.value;
    const settings = interrupted?.settings ?? readOrReport(settingsForm, banner);
    if (settings === undefined || corpus === undefined) return;
    banner.clear();
    cancelled = new AbortController();
    status = '';
    id = '';
    taught = undefined;
    outcome.hide();
    store.set({ phase: 'preparing' });
    hasBegun = false;
    let goesOn = false;
    let hasLearnt = false;
    try {
      const text = await splitText(corpus);
      await pair.stop();
      const model = await models.ready();
      cancelled.signal.throwIfAborted();
      id = await rack.freeName(interrupted?.name ?? (name.value.trim() || suggestedName(corpus.name)));
      const opening = text.opening || byId('prompt', 'input').value;
      await run({ id, model, text, opening, settings, interrupted });
      hasLearnt = true;
    } catch (error) {
      const { kept } = store.value;
      const unsaved = taught && rack.unsavedName(taught);
      goesOn = unsaved === undefined && kept > 0 && isWorthGoingOn(error);
      status = unsaved
        ? `It has learnt, but “${unsaved}” could not be saved: see below.`
        : goesOn
          ? `The run broke off. It is kept up to step ${formatCount(kept)}.`
          : hasBegun
            ? 'The run ended early, and nothing was kept.'
            : error instanceof ChoiceProblem
              ? error.message
              : 'The run has not begun.';
      if (isLost(error)) models.drop();
      banner.report(error);
    } finally {
      training = undefined;
      report.end();
      if (hasBegun) note.end(goesOn);
      store.set({ phase: 'idle', kept: 0 });
    }
    if (hasLearnt) await pair.write();
  }

  async function run(lesson: Lesson): Promise<void> {
    const { settings, interrupted } = lesson;
    const began = performance.now();
    show(byId('run', 'div'), true);
    await report.begin(settings.max_steps);
    cancelled.signal.throwIfAborted();
    note.begin(interrupted === undefined);
    hasBegun = true;
    const done = interrupted?.step ?? 0;
    store.set({ kept: done });
    training = trainingOf(lesson);
    const { adapted, trainer, output } = await training.start();
    const after = await measured({ adapted, trainer }, cancelled.signal);
    store.set({ phase: 'stopping' }); // the run can't be cancelled any more
    const seconds = (performance.now() - began) / 1000;
    const made = counted(output.global_step - done, 'step');
    const steps = done === 0 ? made : `The last ${made.replace(/^1 /, '')}`;
    report.end();
    taught = adapted;
    id = await rack.keep({ id, adapted });
    await anew.end();
    status = '';
    tellResult();
    await outcome.show({
      id,
      model: lesson.model,
      before: report.first?.choices ?? Number.NaN,
      after,
      run: `${steps} in ${formatDuration(seconds)}. The best of them is kept ${whereKept(store.value)} as “${id}”.`,
    });
  }

  function trainingOf({ model, text, opening, settings, interrupted }: Lesson): Training {
    const { corpus } = store.value;
    const about = { model: model.name, corpus: aboutCorpus(corpus), settings };
    const args = toTrainingArguments(settings);
    const data = { train_dataset: text.learnt, eval_dataset: text.heldOut };
    return new Training({
      adapt: () => get_peft_model(model.base, configOf(settings, model.name)),
      trainer: (adapted) => new Trainer({ model: adapted, args, ...data }),
      before: async ({ adapted, trainer }, signal) => {
        // A fresh adapter changes next to nothing, so this measures the base model.
        const { perplexity = Number.NaN } = await trainer.evaluate({ signal });
        report.addHeldOut(0, perplexity);
        await anew.begin(opening, { adapted, ids: await promptIds(model.base, opening), signal });
      },
      resume: interrupted !== undefined,
      onPhase: (phase) => store.set({ phase, read: undefined }),
      onReading: (read) => store.set({ read }),
      onLog: (logs, maxSteps) => report.addStep(logs, maxSteps),
      onEvaluated: ({ perplexity = Number.NaN }, step) => {
        report.addHeldOut(step, perplexity);
        void anew.write(step);
      },
      onWarning: (message) => banner.show('note', message),
      onRecovered: (message, logs, maxSteps) => {
        banner.show('note', message);
        report.again(maxSteps);
        for (const one of logs) report.addStep(one, maxSteps);
      },
      onKept: (step) => {
        store.set({ kept: step });
        note.keep({ name: id, step, ...about });
      },
    });
  }

  onClick(python, () =>
    act(app, async () => {
      const files = await training?.exportRun();
      if (files === undefined) return;
      await saveZip(`${id}-run.zip`, files);
      announce('The run is downloaded. Its README.md tells how to go on in Python.');
    }),
  );
  runButtons(app, {
    start: () => teach(),
    canStart: canTeach,
    training: () => training,
    cancel: () => {
      cancelled.abort(new DOMException('The visitor cancelled the run', 'AbortError'));
      if (store.value.loading !== undefined) models.cancel();
      training?.cancel();
    },
  });
  store.watch((state: AppState, before: AppState) => {
    const { phase, corpus } = state;
    const idle = phase === 'idle';
    show(python, !idle);
    python.disabled = state.busy || (phase !== 'running' && phase !== 'paused');
    name.disabled = !idle;
    if (corpus !== before.corpus) name.placeholder = corpus === undefined ? '' : suggestedName(corpus.name);
    setText(byId('train-status', 'p'), idle ? status : statusOf(state));
  });
}

function statusOf({ phase, read, trouble, kept, loading, device }: AppState): string {
  if (loading !== undefined) return loadInWords(loading);
  const safe = phase === 'running' && kept > 0 ? ` Kept up to step ${formatCount(kept)}.` : '';
  const share = read === undefined ? '' : ` (${Math.floor(100 * read)} %)`;
  const prepared = device?.software === true ? 'the first step' : 'the graphics card';
  return runText(phase, trouble, `Reading the text${share} and preparing ${prepared}…`) + safe;
}

/** Measures the perplexity of the trained voice on the held-out part. Deletes the voice if that fails or is cancelled. */
async function measured(
  { adapted, trainer }: Pick<Trained, 'adapted' | 'trainer'>,
  signal: AbortSignal,
): Promise<number> {
  try {
    const { perplexity = Number.NaN } = await trainer.evaluate({ signal });
    signal.throwIfAborted();
    return perplexity;
  } catch (error) {
    await adapted.delete_adapter('default').catch(() => {}); // the session may have ended, with the adapter
    throw error;
  }
}

/** Whether a training run that failed is worth resuming: not if the visitor cancelled it, or if it would fail again. */
function isWorthGoingOn(error: unknown): boolean {
  const isHopeless = error instanceof WebVeraError && ['numerical_error', 'invalid_argument'].includes(error.code);
  return !isHopeless && !(error instanceof DOMException && error.name === 'AbortError');
}

function aboutCorpus(corpus: Corpus | undefined): Interrupted['corpus'] {
  const { name = '', blob, origin } = corpus ?? {};
  return { name, bytes: blob?.size ?? 0, ...(origin !== undefined && { origin }) };
}

function suggestedName(corpusName: string): string {
  return corpusName.replace(/\.[a-z0-9]+$/i, '') || 'my-text';
}
