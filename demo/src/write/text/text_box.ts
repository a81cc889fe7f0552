import { formatBytes } from '../../../../src/parts/words';
import { ChoiceProblem } from '../../library/choice_problem';
import { act } from '../../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../../page/chosen_files';
import { byId, create, newButton, onClick, setText, show } from '../../page/dom';
import type { App } from '../app';
import type { AppState, Corpus } from '../state';
import { peopleIn } from './chat_export';
import { peopleChoice, fileOf as personsFile } from './people_choice';
import { fetchSample, type SampleText, sampleTexts } from './samples';

/** Bytes of a text that is shown in the box. Longer ones are shown by name. */
const MOST_SHOWN = 60_000;
/** Bytes of a file that may be a chat. */
const MOST_CHAT = 2 ** 24;
/** Bytes by which a file is checked. */
const HEAD = 4096;

/** The text to learn from: a sample, typed or pasted text, or a file. */
export function textBox(app: App): void {
  const { store } = app;
  const card = byId('teach-card', 'section');
  const input = byId('text-input', 'textarea');
  const pickButton = byId('pick-text', 'button');
  const changeButton = byId('text-change', 'button');
  /** The name of the text in the box. */
  let name = '';
  /** A file that is too long for the box, or has lines of JSON. */
  let file: Corpus | undefined;

  const typed = (): void => {
    file = undefined;
    store.set({ corpus: typedCorpus(name, input.value) });
  };
  const put = async (title: string, blob: Blob): Promise<void> => {
    if (blob.size > MOST_SHOWN || /\.jsonl$/i.test(title)) {
      file = { name: title, blob };
      store.set({ corpus: file });
      return;
    }
    name = title;
    input.value = await blob.text();
    typed();
  };
  const choice = peopleChoice(app, (person) => act(app, () => put(personsFile(person.name), new Blob([person.text]))));
  const take = async (title: string, blob: Blob): Promise<void> => {
    await checkText(title, blob);
    const people = (blob.size <= MOST_CHAT && peopleIn(await blob.text())) || [];
    choice.offer(people);
    const [first] = people;
    await (first === undefined ? put(title, blob) : put(personsFile(first.name), new Blob([first.text])));
  };
  const takeSample = (sample: SampleText): Promise<void> =>
    act(app, async () => take(fileOf(sample), await fetchSample(sample)));
  const takeFiles = ({ files }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const [chosen] = files;
      if (chosen === undefined || files.length !== 1) throw new ChoiceProblem('Choose one text file.');
      await take(chosen.name, chosen);
    });

  const buttons = sampleTexts.map((sample) => newButton(sample.name, () => takeSample(sample)));
  byId('samples', 'ul').prepend(...buttons.map((button) => create('li', {}, button)));
  onFiles(pickButton, byId('text-files', 'input'), takeFiles);
  onClick(changeButton, () => {
    typed();
    input.focus();
  });
  input.addEventListener('input', () => {
    name = 'my-text.txt';
    typed();
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
  void takeSample(sampleTexts[0]);
}

/** A sample's file name, from which the suggested name of the voice is made. */
function fileOf({ file }: SampleText): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

function typedCorpus(name: string, text: string): Corpus | undefined {
  if (text.trim() === '') return undefined;
  return { name, blob: new Blob([text], { type: 'text/plain' }) };
}

async function checkText(name: string, blob: Blob): Promise<void> {
  if (blob.size === 0) throw new ChoiceProblem(`${name} is empty.`);
  const head = new TextDecoder().decode(await blob.slice(0, HEAD).arrayBuffer());
  if (head.includes('\0')) throw new ChoiceProblem(`${name} is no text file.`);
}
