import { afterEach, expect, test, vi } from 'vitest';
import type { LabelScore } from 'webvera';
import type { ClassesApp } from '../../../demo/src/classes/app';
import { addClass, addSamples, type ClassSet, emptySet, removeClass } from '../../../demo/src/classes/class_set';
import type { Learnt } from '../../../demo/src/classes/learnt';
import { beginning, type ClassesState } from '../../../demo/src/classes/state';
import { Telling } from '../../../demo/src/classes/telling/telling';
import { Store } from '../../../demo/src/page/store';

afterEach(() => {
  vi.unstubAllGlobals();
});

const withSamples = (set: ClassSet<string>): ClassSet<string> =>
  set.classes.reduce((next, { id, name }) => addSamples(next, id, [`a ${name}`]), set);

test('a class that was removed is not predicted, while the model learns without it', async () => {
  const told = { localName: 'p', textContent: '', setAttribute: () => {} };
  vi.stubGlobal('document', { getElementById: () => told });
  vi.stubGlobal('dispatchEvent', () => true);
  vi.stubGlobal('window', new EventTarget());
  const set = withSamples(addClass(emptySet<string>(['ham', 'spam']), 'news'));
  const learnt = { classIds: set.classes.map(({ id }) => id), labels: ['ham', 'spam', 'news'] } as unknown as Learnt;
  const store = new Store({ ...beginning<string>(), set, learnt, device: { usable: true } } as ClassesState<string>);
  const scores: LabelScore[] = [0.1, 0.8, 0.1].map((score, at) => ({ label: learnt.labels[at] ?? '', score }));
  const classifier = { isOpen: true, tell: async () => scores };
  const app = { store, classifier, kind: { things: 'messages' }, banner: {} } as unknown as ClassesApp<string>;
  const rows = { showScores: vi.fn(), updateTeaching: () => {} };
  const telling = new Telling(app, rows, () => ({ input: 'a' }));
  await telling.tell();
  expect(told.textContent).toBe('spam, 80 % sure');
  store.set({ set: removeClass(set, learnt.classIds[1] ?? -1), isStale: true });
  await telling.tell();
  expect(told.textContent).toBe('Learning…');
  expect(rows.showScores).toHaveBeenLastCalledWith(undefined, undefined);
  store.set({ set: removeClass(store.value.set, learnt.classIds[0] ?? -1) });
  await telling.tell();
  expect(told.textContent).toBe('It takes two classes at least.');
});
