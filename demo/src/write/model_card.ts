import { AutoModelForCausalLM, type PreTrainedModel } from 'webvera';
import { formatBytes } from '../../../src/parts/words';
import { type LoadProgress, loadProgress, nothingLoaded } from '../library/load_meter';
import { bundledModel, modelFromFiles, type NamedSource } from '../library/model_files';
import { announce } from '../page/announcer';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { byId, onClick, setShare, setText, show } from '../page/dom';
import { formatCount, formatDuration } from '../page/format';
import type { App } from './app';
import { type AppState, canLoad } from './state';

/** Chooses and loads the model. */
export function modelCard(app: App): void {
  const { store, banner } = app;
  const card = byId('model-card', 'section');
  const loadButton = byId('load-bundled', 'button');
  const pickButton = byId('pick-model', 'button');
  const keepButton = byId('model-keep', 'button');
  const cancelButton = byId('load-cancel', 'button');
  const changeButton = byId('model-change', 'button');
  let abort = new AbortController();
  /** Whether the visitor is choosing another model. The current one stays until that is loaded. */
  let choosing = false;

  const load = async (choose: () => NamedSource): Promise<void> => {
    banner.clear();
    abort = new AbortController();
    try {
      const named = choose();
      store.set({ loading: nothingLoaded });
      cancelButton.focus();
      const base = await loadModel(app, named, abort.signal);
      choosing = false;
      await replaceModel(app, { ...named, base });
      announce(`The model ${named.name} is ready.`);
    } catch (error) {
      banner.report(error);
    } finally {
      store.set({ loading: undefined });
      if (card.contains(document.activeElement) || document.activeElement === document.body) {
        (changeButton.checkVisibility() ? changeButton : loadButton).focus();
      }
    }
  };
  const loadFiles = ({ files, folder }: ChosenFiles): Promise<void> => load(() => modelFromFiles(files, folder));

  onClick(loadButton, () => load(() => bundledModel));
  onFiles(pickButton, byId('model-files', 'input'), loadFiles);
  onClick(cancelButton, () => abort.abort());
  onClick(changeButton, () => {
    choosing = true;
    render(store.value);
    loadButton.focus();
  });
  onClick(keepButton, () => {
    choosing = false;
    render(store.value);
    changeButton.focus();
  });
  onDrop(card, () => canLoad(store.value), loadFiles);

  function render(state: AppState): void {
    const { loading, model } = state;
    const ready = model !== undefined && !choosing;
    show(byId('model-none', 'div'), loading === undefined && !ready);
    show(keepButton, model !== undefined);
    setText(keepButton, `Keep ${model?.name}`);
    show(byId('model-loading', 'div'), loading !== undefined);
    show(byId('model-ready', 'div'), loading === undefined && ready);
    for (const button of [loadButton, pickButton, keepButton, changeButton]) button.disabled = !canLoad(state);
    if (loading !== undefined) renderProgress(loading);
    setText(byId('model-name', 'strong'), model?.name ?? '');
    setText(byId('model-facts', 'span'), model === undefined ? '' : factsOf(model.base));
  }
  store.watch(render);
}

async function loadModel({ store, sessions }: App, { source, gguf_file }: NamedSource, signal: AbortSignal) {
  return AutoModelForCausalLM.from_pretrained(source, {
    session: await sessions.get(),
    signal,
    ...(gguf_file !== undefined && { gguf_file }),
    progress_callback: loadProgress((loading) => store.set({ loading }), signal),
  });
}

async function replaceModel({ store, rack }: App, model: NonNullable<AppState['model']>): Promise<void> {
  const old = store.value.model;
  rack.forget();
  store.set({ model });
  await old?.base.dispose();
}

function renderProgress({ loaded, total, bytesPerSecond, secondsLeft }: LoadProgress): void {
  const bar = byId('load-bar', 'progress');
  setShare(bar, total === 0 ? undefined : loaded / total);
  const parts = total === 0 ? ['Starting…'] : [`${formatBytes(loaded)} of ${formatBytes(total)}`];
  if (bytesPerSecond !== undefined) parts.push(`${formatBytes(bytesPerSecond)}/s`);
  if (loaded < total && secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
  if (total > 0 && loaded >= total) parts.push('preparing');
  const text = parts.join(' · ');
  setText(byId('load-text', 'p'), text);
  bar.setAttribute('aria-valuetext', text);
}

/** Describes a model. Its config.json comes from a stranger, so every value is checked. */
function factsOf({ config, tokenizer }: PreTrainedModel): string {
  const facts: string[] = [String(config.model_type)];
  const { num_hidden_layers: layers, hidden_size: hidden } = config;
  if (typeof layers === 'number') facts.push(`${formatCount(layers)} layers`);
  if (typeof hidden === 'number') facts.push(`${formatCount(hidden)} wide`);
  if (tokenizer !== undefined) facts.push(`${formatCount(tokenizer.vocab_size)} tokens`);
  return facts.join(' · ');
}
