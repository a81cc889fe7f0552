import { announce } from '../page/announcer';
import { byId, create, onClick, setText, show } from '../page/dom';
import { outside, toNumber } from '../run/settings_fields';
import type { App } from './app';
import { type Side, writeSamples } from './samples';
import { type AppState, canWrite } from './state';

/** Continues a prompt with and without the adapter. `write` starts it after a training. */
export function samplesCard(app: App): { write(): Promise<void> } {
  const { store, banner } = app;
  const prompt = byId('prompt', 'textarea');
  const seed = byId('sample-seed', 'input');
  const tokens = byId('sample-tokens', 'input');
  const writeButton = byId('write', 'button');
  const stopButton = byId('write-stop', 'button');
  const outputs: Readonly<Record<Side, HTMLElement>> = { before: byId('before', 'p'), after: byId('after', 'p') };
  let abort = new AbortController();

  async function write(): Promise<void> {
    const { model, active } = store.value;
    const request = readRequest();
    if (model === undefined || request === undefined) return;
    banner.clear();
    abort = new AbortController();
    const sides: readonly Side[] = active === undefined ? ['before'] : ['before', 'after'];
    const ends = new Map(sides.map((side) => [side, beginOutput(outputs[side], request.prompt)] as const));
    if (active === undefined) emptyOutput(outputs.after, 'Train an adapter, or switch one on, to see the difference.');
    store.set({ writing: true });
    try {
      await writeSamples(model, active, { ...request, signal: abort.signal }, (side, text) =>
        ends.get(side)?.append(text),
      );
      announce(active === undefined ? 'The sample is written.' : 'Both samples are written.');
    } catch (error) {
      banner.report(error);
    } finally {
      for (const output of Object.values(outputs)) output.removeAttribute('aria-busy');
      store.set({ writing: false });
    }
  }

  function readRequest(): { prompt: string; seed: number; max_new_tokens: number } | undefined {
    const values = { seed: toNumber(seed.value), max_new_tokens: toNumber(tokens.value) };
    const seedProblem = outside(values.seed, { min: 0, max: 4_294_967_295, whole: true });
    const tokensProblem = outside(values.max_new_tokens, { min: 1, max: 1000, whole: true });
    markInvalid(seed, seedProblem);
    markInvalid(tokens, tokensProblem);
    const problems = [seedProblem && `Seed: ${seedProblem}`, tokensProblem && `Tokens: ${tokensProblem}`].filter(
      Boolean,
    );
    setText(byId('sample-error', 'p'), problems.join(' '));
    show(byId('sample-error', 'p'), problems.length > 0);
    if (problems.length === 0) return { ...values, prompt: prompt.value };
    (seedProblem === undefined ? tokens : seed).focus();
    return undefined;
  }

  onClick(writeButton, write);
  onClick(stopButton, () => abort.abort());
  emptyOutput(outputs.before, 'Load a model, and see how it goes on from these words.');
  emptyOutput(outputs.after, 'Train an adapter, or switch one on, to see the difference.');

  store.watch((state: AppState, before: AppState) => {
    const hadFocus = document.activeElement === writeButton || document.activeElement === stopButton;
    writeButton.disabled = !canWrite(state);
    show(writeButton, !state.writing);
    show(stopButton, state.writing);
    if (hadFocus && state.writing !== before.writing) (state.writing ? stopButton : writeButton).focus();
    const title = state.active === undefined ? 'After' : `After: with “${state.active.id}”`;
    setText(byId('after-title', 'h3'), title);
    if (state.active !== before.active) emptyOutput(outputs.after, 'Press Write to see the difference.');
    if (state.model !== before.model) {
      emptyOutput(outputs.before, 'Press Write to see how the model goes on.');
      if (state.active === undefined)
        emptyOutput(outputs.after, 'Train an adapter, or switch one on, to see the difference.');
    }
  });
  return { write };
}

/** Shows the prompt, and returns an element for the text after it. */
function beginOutput(output: HTMLElement, prompt: string): HTMLElement {
  const grows = create('span');
  output.classList.remove('empty');
  output.setAttribute('aria-busy', 'true');
  output.replaceChildren(create('span', { className: 'given', textContent: prompt }), grows);
  return grows;
}

function emptyOutput(output: HTMLElement, text: string): void {
  output.classList.add('empty');
  output.textContent = text;
}

function markInvalid(input: HTMLInputElement, problem: string | undefined): void {
  if (problem === undefined) input.removeAttribute('aria-invalid');
  else input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', 'sample-error');
}
