import { loadInWords } from '../../library/load_words';
import { announce } from '../../page/announcer';
import { byId, onClick, setShare, setText, show } from '../../page/dom';
import { formatDuration } from '../../page/format';
import { tellResult } from '../../page/result_event';
import type { App } from '../app';
import { type AppState, canWrite, voiceOf } from '../state';
import { nameOf } from '../voices';
import { Example } from './example';
import { PageOfText } from './page_of_text';
import { type Side, writePair } from './pair';
import { voiceChoice } from './voice_choice';

/** The number of tokens that each text gets, enough to fill its place on the page. */
const TOKENS = 56;

export interface PairCard {
  /** Writes a new pair of texts. Ends the pair that is being written, if any. */
  write(): Promise<void>;
  /** Ends the pair that is being written, if any. */
  stop(): Promise<void>;
}

/** Continues the visitor's words with the base model and with a voice (an adapter that writes in somebody's style), side by side. */
export function pairCard(app: App): PairCard {
  const { store, models, rack, banner } = app;
  const prompt = byId('prompt', 'input');
  const writeButton = byId('write', 'button');
  const stopButton = byId('write-stop', 'button');
  const bar = byId('load-bar', 'progress');
  const title = byId('after-title', 'h3');
  const sides: Readonly<Record<Side, PageOfText>> = {
    before: new PageOfText(byId('before', 'p')),
    after: new PageOfText(byId('after', 'p')),
  };
  let abort = new AbortController();
  let last: Promise<void> = Promise.resolve();
  /** The seed of the pair's texts, the same for all voices. Each press of the button takes the next seed. */
  let seed = 1;
  let outcome = '';
  /** The key of the voice that is named over the text on the right. */
  let shown: string | undefined;
  /** The number of the last call of `write` or `stop`. An earlier `write` that is still waiting writes nothing. */
  let turn = 0;

  /** Puts a voice's name over the text on the right. */
  function named(key: string | undefined): void {
    shown = key;
    setText(title, titleOf(key));
  }

  function stop(): Promise<void> {
    turn += 1;
    abort.abort();
    if (store.value.writing) models.cancel();
    return last;
  }

  async function write(): Promise<void> {
    const ended = stop();
    const mine = turn;
    await ended;
    if (mine !== turn || !canWrite(store.value)) return;
    abort = new AbortController();
    last = writeNow(abort.signal);
    return last;
  }

  async function writeNow(signal: AbortSignal): Promise<void> {
    const began = performance.now();
    const words = prompt.value;
    outcome = '';
    example.end();
    for (const side of Object.values(sides)) side.wait();
    store.set({ writing: true });
    try {
      const model = await models.ready();
      const { base, name } = model;
      const key = voiceOf(store.value);
      const voice = key === undefined ? undefined : await rack.on(model, key);
      signal.throwIfAborted();
      sides.before.begin(words, JSON.stringify([name, words, seed]));
      sides.after.begin(words, JSON.stringify([name, words, seed, key]));
      named(key);
      let first = 0;
      await writePair(base, voice, { prompt: words, seed, max_new_tokens: TOKENS, signal }, (side, text) => {
        first ||= performance.now();
        sides[side].add(text);
      });
      const seconds = [first || began, performance.now()].map((at) => formatDuration((at - began) / 1000));
      tellResult();
      outcome = `First words after ${seconds[0]}, all after ${seconds[1]}, on this device.`;
      announce(
        `Written. As it came: ${sides.before.whole}. ${key === undefined ? '' : `${nameOf(key)}: ${sides.after.whole}`}`,
      );
    } catch (error) {
      banner.report(error);
    } finally {
      for (const side of Object.values(sides)) side.end();
      store.set({ writing: false });
    }
  }

  byId('try-form', 'form').addEventListener('submit', (event) => {
    event.preventDefault();
    banner.clear();
    seed += 1;
    void write();
  });
  onClick(stopButton, () => {
    models.cancel();
    return stop();
  });
  prompt.addEventListener('input', () => {
    const { writing, loading } = store.value;
    if (writing) return;
    outcome = '';
    if (loading === undefined) setText(byId('try-status', 'p'), outcome);
    if (!example.show(voiceOf(store.value))) for (const side of Object.values(sides)) side.rest(prompt.value);
  });
  for (const side of Object.values(sides)) side.rest(prompt.value);
  const example = new Example(prompt, sides);
  void example.load().then(() => example.show(voiceOf(store.value)));
  voiceChoice(app, (key) => {
    banner.clear();
    if (!example.show(key)) void write();
  });

  store.watch((state: AppState, before: AppState) => {
    const { loading, writing, source } = state;
    const isLoading = loading !== undefined && state.phase === 'idle';
    const canStop = writing || isLoading;
    const couldStop = !stopButton.hidden;
    const hadFocus = document.activeElement === writeButton || document.activeElement === stopButton;
    writeButton.disabled = !canWrite(state) && !writing;
    show(writeButton, !canStop);
    show(stopButton, canStop);
    if (hadFocus && canStop !== couldStop) (canStop ? stopButton : writeButton).focus();
    show(bar, isLoading);
    if (loading !== undefined) {
      setShare(bar, loading.total === 0 ? undefined : loading.loaded / loading.total);
      bar.setAttribute('aria-valuetext', loadInWords(loading));
    }
    const key = voiceOf(state);
    if (!writing && key !== shown) {
      // Removes the text of the previous voice, because the name above it changes.
      outcome = '';
      if (!example.show(key)) sides.after.rest(prompt.value);
      named(key);
    }
    setText(byId('try-status', 'p'), isLoading ? loadInWords(loading) : writing ? 'Writing…' : outcome);
    if (source.name !== before.source.name && !writing) {
      // Removes the texts of the previous model.
      example.end();
      for (const side of Object.values(sides)) side.rest(prompt.value);
    }
  });
  return { write, stop };
}

function titleOf(key: string | undefined): string {
  return key === undefined ? 'In a voice that it learnt' : `In a voice that it learnt: ${nameOf(key)}`;
}
