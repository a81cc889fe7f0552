import { estimate } from 'webvera';
import { announce } from '../../page/announcer';
import { byId, setText } from '../../page/dom';
import type { App } from '../app';
import { memoryInWords } from './memory_words';
import { configOf } from './methods';
import { type Settings, toTrainingArguments } from './settings';
import type { SettingsForm } from './settings_form';

/** The milliseconds without a change of the settings after which the estimate starts. */
const CALM = 400;

/** Shows the memory and time that training takes with these settings. The worker estimates them while no training run uses it. */
export function memoryNote({ store, sessions }: App, form: SettingsForm): void {
  const note = byId('memory', 'p');
  let asked = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the note is out of date. */
  let isDue = false;
  /** Measured floating-point operations per second of this device. */
  let speed: number | undefined;

  const say = (text: string, isWarning = false): void => {
    setText(note, text);
    note.className = isWarning ? 'problem' : 'meter-text';
  };

  async function find(settings: Settings, signal: AbortSignal): Promise<void> {
    const { model } = store.value;
    if (model === undefined) return;
    const { source, gguf_file } = model;
    try {
      const found = await estimate(source, {
        session: await sessions.get(),
        signal,
        peft_config: configOf(settings),
        args: toTrainingArguments(settings),
        measure: speed === undefined,
        ...(gguf_file !== undefined && { gguf_file }),
      });
      const { flops, seconds } = found.step;
      speed ??= seconds && flops / seconds;
      const { text, isWarning } = memoryInWords(found, {
        software: store.value.device?.software === true,
        seconds: speed && (settings.max_steps * flops) / speed,
      });
      if (signal.aborted) return;
      isDue = false;
      say(text, isWarning);
      if (isWarning) announce(text);
    } catch {
      // The estimate is omitted if it fails, for example if the model's files can't be read any more. A training run reports such problems.
      if (!signal.aborted) say('');
    }
  }

  function ask(settings: Settings | undefined): void {
    clearTimeout(timer);
    asked.abort();
    isDue = settings !== undefined && store.value.model !== undefined;
    if (settings === undefined || !isDue) {
      say('');
      return;
    }
    const { phase, writing } = store.value;
    if (phase !== 'idle' || writing) return; // the estimate starts once the run has ended or the pair of texts is written
    asked = new AbortController();
    const { signal } = asked;
    timer = setTimeout(() => void find(settings, signal), CALM);
  }

  form.watch(ask);
  store.watch((state, before) => {
    const [isUsed, wasUsed] = [state, before].map(({ phase, writing }) => phase !== 'idle' || writing);
    if (isUsed === wasUsed) return;
    // Cancels the estimate while a training run or the writing of texts uses the worker.
    if (isUsed) {
      clearTimeout(timer);
      asked.abort();
    } else if (isDue) ask(form.read());
  });
}
