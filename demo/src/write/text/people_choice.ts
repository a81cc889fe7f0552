import { byId, create, newButton, show } from '../../page/dom';
import type { App } from '../app';
import type { AppState } from '../state';
import type { PersonsWords } from './chat_export';

export interface PeopleChoice {
  /** Shows the people of a chat as buttons; none for other texts. */
  offer(people: readonly PersonsWords[]): void;
}

/** Lets the visitor choose whose messages of a chat are learnt. */
export function peopleChoice({ store }: App, onChoose: (person: PersonsWords) => void): PeopleChoice {
  const row = byId('people-row', 'div');
  const list = byId('people', 'ul');
  let buttons: readonly (readonly [name: string, button: HTMLButtonElement])[] = [];
  const mark = ({ phase, corpus }: AppState): void => {
    for (const [name, button] of buttons) {
      button.disabled = phase !== 'idle';
      button.setAttribute('aria-pressed', String(corpus?.name === fileOf(name)));
    }
  };
  store.watch(mark);
  return {
    offer(people) {
      buttons = people.map((person) => [
        person.name,
        newButton(`${person.name} · ${person.count}`, () => onChoose(person)),
      ]);
      list.replaceChildren(...buttons.map(([, button]) => create('li', {}, button)));
      show(row, people.length > 0);
      mark(store.value);
    },
  };
}

/** The file name of a person's words, from which the suggested name of the voice is made. */
export function fileOf(name: string): string {
  return `${name}.txt`;
}
