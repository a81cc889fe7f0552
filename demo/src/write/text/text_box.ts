import { formatBytes } from '../../../../src/parts/words';
import { ChoiceProblem, expectUtf8 } from '../../library/choice_problem';
import { act } from '../../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../../page/chosen_files';
import { byId, create, newButton, onClick, setText, show } from '../../page/dom';
import type { App } from '../app';
import type { AppState, Corpus } from '../state';
import type { PersonsWords } from './chat_export';
import { peopleChoice } from './people_choice';
import { fetchSample, OWN_TEXT, type SampleText, sampleTexts } from './samples';

/** The most bytes of a text that the box shows. For longer texts, the page shows only the name. */
const MOST_SHOWN = 60_000;
/** The most bytes of a file that is searched for a chat. */
const MOST_CHAT = 2 ** 24;

/** Sets up the choice of the text to learn from: a sample, typed or pasted text, or a file. */
export function textBox(app: App): void {
  const { store } = app;
  const card = byId('teach-card', 'section');
  const input = byId('text-input', 'textarea');
  const pickButton = byId('pick-text', 'button');
  const changeButton = byId('text-change', 'button');
  /** The name and the origin of the text in the box. */
  let about: Omit<Corpus, 'blob'> = { name: '' };
  /** A file that is too long for the box, or has lines of JSON. */
  let file: Corpus | undefined;
  /** The number of the last choice. Earlier choices that are still being read are discarded. */
  let turn = 0;

  const typed = (): void => {
    file = undefined;
    store.set({ corpus: typedCorpus(about, input.value) });
  };
  /** Takes the words in the box as the visitor's own. */
  const takeOwn = (): void => {
    about = { name: OWN_TEXT };
    input.autocomplete = 'on';
    typed();
  };
  const put = async (corpus: Corpus, mine: number): Promise<void> => {
    const { blob, ...named } = corpus;
    const isShown = blob.size <= MOST_SHOWN && !/\.jsonl$/i.test(named.name);
    const content = isShown ? await blob.text() : '';
    if (mine !== turn) return;
    if (isShown) {
      about = named;
      input.value = content;
      input.autocomplete = 'off'; // the browser restores only the visitor's own words after a reload
      typed();
    } else {
      file = corpus;
      store.set({ corpus: file });
    }
  };
  /** Whether the box may be overwritten. If it holds the visitor's own text, which exists nowhere else, asks the visitor. */
  const mayReplace = async (): Promise<boolean> =>
    about.name !== OWN_TEXT ||
    input.value.trim() === '' ||
    app.confirm.ask({
      title: 'Replace your text?',
      text: 'The words in the box are stored nowhere else.',
      yes: 'Replace them',
      no: 'Keep them',
    });
  const choice = peopleChoice(app, async (corpus) => {
    if (!(await mayReplace())) return;
    turn += 1;
    await act(app, () => put(corpus, turn));
  });
  const take = async (read: () => Promise<Corpus>, isFile: boolean): Promise<void> => {
    if (!(await mayReplace())) return;
    turn += 1;
    const mine = turn;
    await act(app, async () => {
      const corpus = await read();
      await checkText(corpus);
      const people = isFile && corpus.blob.size <= MOST_CHAT ? await peopleOf(corpus.blob) : [];
      if (mine !== turn) return;
      await put(choice.offer(people, corpus.name) ?? corpus, mine);
    });
  };
  const takeSample = (sample: SampleText): Promise<void> =>
    take(async () => ({ name: fileOf(sample), blob: await fetchSample(sample) }), false);
  const takeFiles = ({ files }: ChosenFiles): Promise<void> =>
    take(async () => {
      const [blob] = files;
      if (blob === undefined || files.length !== 1) throw new ChoiceProblem('Choose one text file.');
      return { name: blob.name, blob };
    }, true);

  const buttons = sampleTexts.map((sample) => newButton(sample.name, () => takeSample(sample)));
  byId('samples', 'ul').prepend(...buttons.map((button) => create('li', {}, button)));
  onFiles(pickButton, byId('text-files', 'input'), takeFiles);
  onClick(changeButton, () => {
    typed();
    input.focus();
  });
  input.addEventListener('input', () => {
    turn += 1;
    takeOwn();
  });
  onDrop(card, () => store.value.phase === 'idle', takeFiles);

  store.watch((state: AppState) => {
    const idle = state.phase === 'idle';
    show(byId('text-typed', 'div'), file === undefined);
    show(byId('text-file', 'div'), file !== undefined);
    for (const button of [...buttons, pickButton, changeButton]) button.disabled = !idle;
    for (const [index, sample] of sampleTexts.entries())
      buttons[index]?.setAttribute('aria-pressed', String(state.corpus?.name === fileOf(sample)));
    input.readOnly = !idle;
    setText(byId('text-name', 'strong'), file?.name ?? '');
    setText(byId('text-facts', 'span'), file === undefined ? '' : formatBytes(file.blob.size));
  });
  if (input.value.trim() === '') void takeSample(sampleTexts[0]);
  else takeOwn();
}

/** Finds the people of a chat. The code for this is loaded with the first file. */
async function peopleOf(file: Blob): Promise<readonly PersonsWords[]> {
  const { peopleIn } = await import('./chat_export');
  return peopleIn(await file.text()) ?? [];
}

/** A sample's file name, from which the suggested name of the voice is made. */
function fileOf({ file }: SampleText): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

function typedCorpus(about: Omit<Corpus, 'blob'>, text: string): Corpus | undefined {
  if (text.trim() === '') return undefined;
  return { ...about, blob: new Blob([text], { type: 'text/plain' }) };
}

async function checkText({ name, blob }: Corpus): Promise<void> {
  if (blob.size === 0) throw new ChoiceProblem(`${name} is empty.`);
  // Checks only the bytes that the box can show. The training run checks the rest of a longer file.
  const head = new Uint8Array(await blob.slice(0, MOST_SHOWN).arrayBuffer());
  expectUtf8(name, head, blob.size <= MOST_SHOWN);
  if (!head.includes(0)) return;
  // iPhones export a chat as a zip.
  const isPacked = /\.zip$/i.test(name);
  const problem = isPacked ? 'is packed. Unpack it first, and choose the _chat.txt in it.' : 'is no text file.';
  throw new ChoiceProblem(`${name} ${problem}`);
}
