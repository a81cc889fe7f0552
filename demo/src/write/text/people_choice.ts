import { byId, create, newButton, show } from '../../page/dom';
import type { App } from '../app';
import type { AppState, Corpus } from '../state';
import type { PersonsWords } from './chat_export';

export interface PeopleChoice {
  /** Shows a button for each person of a chat. Returns the first person's messages; undefined if there are no people. */
  offer(people: readonly PersonsWords[], file: string): Corpus | undefined;
}

/** Lets the visitor choose whose messages of a chat are learnt. */
export function peopleChoice({ store }: App, onChoose: (words: Corpus) => void): PeopleChoice {
  const row = byId('people-row', 'div');
  const list = byId('people', 'ul');
  let buttons: readonly (readonly [words: Corpus, button: HTMLButtonElement])[] = [];
  const mark = ({ phase, corpus }: AppState): void => {
    for (const [{ name, origin }, button] of buttons) {
      button.disabled = phase !== 'idle';
      button.setAttribute('aria-pressed', String(corpus?.name === name && corpus.origin === origin));
    }
  };
  store.watch(mark);
  return {
    offer(people, file) {
      buttons = people.map((person) => {
        const words = wordsOf(person, file);
        return [words, newButton(`${person.name} · ${person.count}`, () => onChoose(words))];
      });
      list.replaceChildren(...buttons.map(([, button]) => create('li', {}, button)));
      show(row, people.length > 0);
      mark(store.value);
      return buttons[0]?.[0];
    },
  };
}

/** Joins a person's messages into one text, named after the person. The page suggests this name for the voice. */
function wordsOf({ name, text }: PersonsWords, file: string): Corpus {
  return { name: `${name}.txt`, blob: new Blob([text], { type: 'text/plain' }), origin: `${file} (${name})` };
}
