import { ChoiceProblem } from '../../library/choice_problem';
import { bundledModel } from '../../library/model_files';
import { saveZip } from '../../library/save_zip';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, onClick, setText, show } from '../../page/dom';
import { isCopied, sayCopied } from '../../page/say_copied';
import type { App } from '../app';
import { copyLink } from '../share/share_card';
import { isQuiet } from '../state';
import type { VoiceModel } from './code';
import { outcomeInWords } from './words';

/** Loads the module with the code samples, at the first outcome or download. */
const code = () => import('./code');

export interface Outcome {
  readonly id: string;
  readonly model: VoiceModel;
  /** The perplexity on the held-out part of the text, before and after the training run. */
  readonly before: number;
  readonly after: number;
  /** A sentence about the training run. */
  readonly run: string;
}

/** Shows the result of a training run in words, with buttons to download the trained voice (adapter), copy its link, and copy code. */
export function outcomeCard(app: App): { show(outcome: Outcome): Promise<void>; hide(): void } {
  const { store } = app;
  const root = byId('outcome', 'div');
  const download = byId('download', 'button');
  const link = byId('copy-link', 'button');
  let id = '';

  onClick(download, () => act(app, () => downloadVoice(app, id)));
  onClick(link, () => act(app, () => copyLink(app, id, link)));
  for (const name of ['python', 'page', 'tag', 'lines'] as const) copyButton(app, name);
  store.watch((state) => {
    for (const button of [download, link]) button.disabled = !isQuiet(state);
  });

  return {
    async show(outcome) {
      id = outcome.id;
      root.querySelector('.link')?.remove(); // the link to an earlier voice
      const { headline, meaning } = outcomeInWords(outcome.before, outcome.after);
      setText(byId('outcome-headline', 'h3'), headline);
      setText(byId('outcome-meaning', 'p'), meaning);
      setText(byId('outcome-run', 'p'), outcome.run);
      show(root, true);
      announce(`${headline}. ${meaning}`);
      // Without a connection the code samples can't load. The result is shown without them.
      const samples = await code().catch(() => undefined);
      const { model } = outcome;
      const tag = samples?.tagFor(model);
      setText(byId('code-python', 'code'), samples?.pythonFor(id, model) ?? '');
      setText(byId('code-page', 'code'), samples?.pageFor(id, model) ?? '');
      setText(byId('code-tag', 'code'), tag ?? '');
      show(byId('tag-sample', 'div'), tag !== undefined);
      show(byId('model-package', 'span'), model.name === bundledModel.name);
      for (const place of ['python', 'page'])
        setText(byId(`${place}-beside`, 'span'), model.gguf_file === undefined ? 'folder' : 'GGUF file');
    },
    hide: () => show(root, false),
  };
}

/** Makes a button copy the code beside it. */
function copyButton(app: App, name: string): void {
  const button = byId(`copy-${name}`, 'button');
  onClick(button, () =>
    act(app, async () => {
      const code = byId(`code-${name}`, 'code');
      if (await isCopied(code.textContent ?? '')) return sayCopied(button);
      getSelection()?.selectAllChildren(code);
      throw new ChoiceProblem('This browser does not let the page copy. The code is selected: copy it yourself.');
    }),
  );
}

/** Downloads a voice (an adapter that writes in somebody's style) as a zip with one folder, which PEFT can load. */
export async function downloadVoice({ rack }: Pick<App, 'rack'>, id: string): Promise<void> {
  const files = await rack.files(id);
  const { folderName } = await code();
  const folder = folderName(id);
  const inFolder = new Map(Object.entries(files).map(([name, blob]) => [`${folder}/${name}`, blob]));
  await saveZip(`${folder}.zip`, inFolder);
}
