import { formatBytes } from '../../../src/parts/words';
import { ChoiceProblem } from '../library/choice_problem';
import { act } from '../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { byId, onClick, setText, show } from '../page/dom';
import type { App } from './app';
import type { AppState, Corpus } from './state';

const SAMPLE = 'text/moby-dick.txt';
/** Characters in the preview of a file. */
const PREVIEW = 280;

/** Takes a typed text, a file, or the sample. A typed text survives while a file replaces it. */
export function textCard(app: App): void {
  const { store } = app;
  const card = byId('text-card', 'section');
  const input = byId('text-input', 'textarea');
  const sampleButton = byId('use-sample', 'button');
  const pickButton = byId('pick-text', 'button');
  const changeButton = byId('text-change', 'button');
  /** The chosen file, if any. It replaces the typed text. */
  let file: Corpus | undefined;

  const useFile = (corpus: Corpus): void => {
    file = corpus;
    const hadFocus = card.contains(document.activeElement);
    store.set({ corpus });
    if (hadFocus) changeButton.focus();
  };
  const takeFiles = ({ files }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const [chosen] = files;
      if (chosen === undefined || files.length !== 1) throw new ChoiceProblem('Choose one text file.');
      useFile(await readCorpus(chosen.name, chosen));
    });

  onClick(sampleButton, () =>
    act(app, async () => {
      const response = await fetch(SAMPLE);
      if (!response.ok) throw new Error(`The sample text could not be loaded (${response.status}).`);
      useFile(await readCorpus('moby-dick.txt', await response.blob()));
    }),
  );
  onFiles(pickButton, byId('text-files', 'input'), takeFiles);
  onClick(changeButton, () => {
    file = undefined;
    store.set({ corpus: typedCorpus(input.value) });
    input.focus();
  });
  input.addEventListener('input', () => store.set({ corpus: typedCorpus(input.value) }));
  onDrop(card, () => store.value.phase === 'idle', takeFiles);

  store.watch((state: AppState) => {
    const { corpus } = state;
    const idle = state.phase === 'idle';
    show(byId('text-typed', 'div'), file === undefined);
    show(byId('text-file', 'div'), file !== undefined);
    for (const button of [sampleButton, pickButton]) show(button, file === undefined);
    show(changeButton, file !== undefined);
    for (const control of [sampleButton, pickButton, changeButton]) control.disabled = !idle;
    input.readOnly = !idle;
    setText(byId('text-name', 'strong'), file?.name ?? '');
    setText(byId('text-facts', 'span'), file === undefined ? '' : formatBytes(file.blob.size));
    setText(byId('text-preview', 'p'), file?.preview ?? '');
    const typed = file === undefined && corpus !== undefined;
    setText(byId('text-size', 'p'), typed ? formatBytes(corpus.blob.size) : '');
  });
}

function typedCorpus(text: string): Corpus | undefined {
  if (text.trim() === '') return undefined;
  return { name: 'my-text', blob: new Blob([text], { type: 'text/plain' }), preview: '' };
}

async function readCorpus(name: string, blob: Blob): Promise<Corpus> {
  if (blob.size === 0) throw new ChoiceProblem(`${name} is empty.`);
  // A character has at most four bytes. One that is cut at the end is dropped.
  const head = new TextDecoder().decode(await blob.slice(0, PREVIEW * 4).arrayBuffer(), { stream: true });
  if (head.includes('\0')) throw new ChoiceProblem(`${name} is no text file.`);
  const preview = head.replace(/\s+/g, ' ').trim().slice(0, PREVIEW);
  return { name, blob, preview: preview.length === PREVIEW ? `${preview}…` : preview };
}
