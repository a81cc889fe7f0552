import { estimate } from 'webvera';
import { announce } from '../../page/announcer';
import { byId, setText } from '../../page/dom';
import type { App } from '../app';
import { memoryInWords } from './memory_words';
import { type Settings, toAdapter, toTrainingArguments } from './settings';
import type { SettingsForm } from './settings_form';

/** Milliseconds without a further change of the settings. */
const CALM = 400;

/** Says what training will take, as the model and the settings are. It is found out in the worker, and only while that is idle. */
export function memoryNote({ store, sessions }: App, form: SettingsForm): void {
  const note = byId('memory', 'p');
  let asked = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What is said is of other settings. */
  let isDue = false;
  /** Floating-point operations a second of this device: measured once. */
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
        peft_config: toAdapter(settings),
        args: toTrainingArguments(settings),
        measure: speed === undefined,
        ...(gguf_file !== undefined && { gguf_file }),
      });
      const { flops, seconds } = found.step;
      speed ??= seconds && flops / seconds;
      const { text, isWarning } = memoryInWords(found, speed && (settings.max_steps * flops) / speed);
      if (signal.aborted) return;
      isDue = false;
      say(text, isWarning);
      if (isWarning) announce(text);
    } catch {
      // The files may be gone since. Training says what is wrong with the rest.
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
    asked = new AbortController();
    const { signal } = asked;
    timer = setTimeout(() => void find(settings, signal), CALM);
  }

  form.watch(ask);
  store.watch(({ phase }, before) => {
    if (phase === before.phase) return;
    // A run has the worker for itself.
    if (before.phase === 'idle') {
      clearTimeout(timer);
      asked.abort();
    } else if (phase === 'idle' && isDue) ask(form.read());
  });
}
