import { expect, test, vi } from 'vitest';
import type { ClassesApp } from '../../demo/src/classes/app';
import { addSamples, type ClassSet, emptySet } from '../../demo/src/classes/class_set';
import { learnAtOnce } from '../../demo/src/classes/learn_at_once';
import type { Learnt } from '../../demo/src/classes/learnt';
import type { ClassesState } from '../../demo/src/classes/state';
import { Store } from '../../demo/src/page/store';
import { eventually } from '../helpers/eventually';

const setOf = (...messages: [string, string]): ClassSet<string> =>
  addSamples(addSamples(emptySet<string>(['a', 'b']), 0, [messages[0]]), 1, [messages[1]]);
const learntFrom = (name: string): Learnt => ({ model: name, labels: ['a', 'b'], samples: 2 }) as unknown as Learnt;

/** Makes a page that learns from a set of examples. The test settles each call of `learn` by `end`. */
function learningPage() {
  const announcer = { localName: 'p', textContent: '' };
  vi.stubGlobal('document', { getElementById: () => announcer });
  const store = new Store({
    set: setOf('mine', 'too'),
    learnt: undefined,
    isStale: true,
    isRefined: false,
    device: undefined,
    learning: false,
    busy: false,
  } as unknown as ClassesState<string>);
  const ends: ((ended: Promise<Learnt>) => void)[] = [];
  const learn = vi.fn(() => new Promise<Learnt>((resolve) => ends.push(resolve)));
  const report = vi.fn();
  const classifier = { learn, forget: () => {} };
  const kind = { thing: 'message', things: 'messages' };
  const again = learnAtOnce({ store, classifier, kind, banner: { report } } as unknown as ClassesApp<string>);
  store.set({ device: { usable: true } as unknown as NonNullable<ClassesState<string>['device']> });
  const end = async (ended: Promise<Learnt>): Promise<void> => {
    ends.shift()?.(ended);
    await eventually(() => expect(store.value.learning).toBe(ends.length > 0));
  };
  return { store, learn, again, report, end };
}

test('a run does not replace what another tab has learnt from its own samples meanwhile', async () => {
  const { store, learn, end } = learningPage();
  const theirs = learntFrom('theirs');
  store.set({ set: setOf('theirs', 'two'), learnt: theirs, isStale: false });
  await end(Promise.resolve(learntFrom('mine')));
  expect(store.value).toMatchObject({ learnt: theirs, isStale: false, learning: false });
  expect(learn).toHaveBeenCalledTimes(1);
});

test('a failure to learn from samples that another tab has replaced is not reported', async () => {
  const { store, report, end } = learningPage();
  store.set({ set: setOf('theirs', 'two'), learnt: learntFrom('theirs'), isStale: false });
  await end(Promise.reject(new Error('The model was freed')));
  expect(report).not.toHaveBeenCalled();
});

test('samples that were wiped meanwhile leave no result, even if there are new ones', async () => {
  const { store, end } = learningPage();
  store.set({ set: emptySet(['a', 'b']), learnt: undefined, isStale: true });
  store.set({ set: addSamples(emptySet<string>(['a', 'b']), 0, ['new']), isStale: true });
  await end(Promise.resolve(learntFrom('wiped')));
  expect(store.value).toMatchObject({ learnt: undefined, isStale: true });
});

test('samples that change meanwhile are learnt next', async () => {
  const { store, learn, end } = learningPage();
  const next = setOf('mine', 'changed');
  store.set({ set: next, isStale: true });
  const first = learntFrom('first');
  await end(Promise.resolve(first));
  expect(store.value).toMatchObject({ learnt: first, isStale: true });
  expect(learn).toHaveBeenLastCalledWith(next, first);
  await end(Promise.resolve(learntFrom('second')));
  expect(store.value).toMatchObject({ learnt: learntFrom('second'), isStale: false });
});

test('after a failure the page says so, until it is asked to learn again', async () => {
  const { store, learn, again, report, end } = learningPage();
  const failure = new Error('offline');
  await end(Promise.reject(failure));
  expect(report).toHaveBeenCalledWith(failure);
  expect(store.value).toMatchObject({ learnFailed: true, isStale: true });
  again();
  expect(store.value).toMatchObject({ learning: true, learnFailed: false });
  const learnt = learntFrom('second');
  await end(Promise.resolve(learnt));
  expect(store.value).toMatchObject({ learnt, learnFailed: false, isStale: false });
  expect(learn).toHaveBeenCalledTimes(2);
});
