import type { PreTrainedModel } from 'webvera';
import { bundledModel, modelFromFiles, type NamedSource } from '../../library/model_files';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { type ChosenFiles, onDrop, onFiles } from '../../page/chosen_files';
import { byId, onClick, setText, show } from '../../page/dom';
import { landOn } from '../../page/focus';
import { formatCount } from '../../page/format';
import type { App } from '../app';
import { type AppState, canStart } from '../state';
import type { PairCard } from '../try/pair_card';

/** Lets experts use their own model. */
export function modelCard(app: App, pair: PairCard): void {
  const { store, models } = app;
  const pickButton = byId('pick-model', 'button');
  const backButton = byId('model-bundled', 'button');

  const load = async (choose: () => NamedSource): Promise<void> => {
    await act(app, async () => {
      await pair.stop();
      const { name } = await models.load(choose());
      announce(`The model ${name} is ready.`);
    });
  };
  const loadFiles = ({ files, folder }: ChosenFiles): Promise<void> => load(() => modelFromFiles(files, folder));

  onFiles(pickButton, byId('model-files', 'input'), loadFiles);
  onClick(backButton, async () => {
    await load(() => bundledModel);
    landOn(pickButton); // the other button is hidden now
  });
  onDrop(byId('model-block', 'fieldset'), () => canStart(store.value), loadFiles);

  store.watch((state: AppState) => {
    const { model, source } = state;
    for (const button of [pickButton, backButton]) button.disabled = !canStart(state);
    const isBundled = source.name === bundledModel.name;
    show(backButton, !isBundled);
    show(byId('bundled-note', 'p'), isBundled);
    setText(byId('model-name', 'strong'), source.name);
    setText(byId('model-facts', 'span'), model === undefined ? 'It loads when it is needed.' : factsOf(model.base));
  });
}

/** Describes a model. Its config.json may come from a stranger, so every value is checked. */
function factsOf({ config, tokenizer }: PreTrainedModel): string {
  const facts: string[] = [String(config.model_type)];
  const { num_hidden_layers: layers, hidden_size: hidden } = config;
  if (typeof layers === 'number') facts.push(`${formatCount(layers)} layers`);
  if (typeof hidden === 'number') facts.push(`${formatCount(hidden)} wide`);
  if (tokenizer !== undefined) facts.push(`${formatCount(tokenizer.vocab_size)} tokens`);
  return facts.join(' · ');
}
