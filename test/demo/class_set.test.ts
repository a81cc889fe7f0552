import { expect, test } from 'vitest';
import {
  addClass,
  addLabelled,
  addSamples,
  emptySet,
  MOST_CLASSES,
  missingIn,
  moveSample,
  numbered,
  removeClass,
  renameClass,
  splitSamples,
} from '../../demo/src/classes/class_set';

const counts = (set: ReturnType<typeof emptySet<string>>) =>
  set.classes.map(({ id, name }) => [name, set.samples.filter(({ classId }) => classId === id).length]);

test('samples create the classes that they name, which replace unused classes', () => {
  const empty = emptySet<string>(['Class 1', 'Class 2']);
  const set = addLabelled(empty, [
    { label: 'spam', content: 'a' },
    { label: ' ham ', content: 'b' },
    { label: 'spam', content: 'c' },
  ]);
  expect(counts(set)).toEqual([
    ['spam', 2],
    ['ham', 1],
  ]);
  expect(counts(addLabelled(set, [{ label: 'other', content: 'd' }]))).toEqual([...counts(set), ['other', 1]]);
});

test('a long label has one class, also if it is cut at a space', () => {
  const label = `${'x'.repeat(39)} and more`;
  const set = addLabelled(addSamples(emptySet<string>(['a', 'b']), emptySet<string>(['a']).classes[0]?.id, ['y']), [
    { label, content: 'z' },
    { label, content: 'w' },
  ]);
  expect(counts(set)).toEqual([
    ['a', 1],
    ['b', 0],
    ['x'.repeat(39), 2],
  ]);
});

test('a sample that is added again moves to the new class', () => {
  const [first, second] = emptySet<string>(['a', 'b']).classes.map(({ id }) => id) as [number, number];
  const once = addSamples(emptySet<string>(['a', 'b']), first, ['x', 'y', 'x']);
  expect(once.samples.map(({ content }) => content)).toEqual(['x', 'y']);
  const twice = addSamples(once, second, ['x']);
  const idOf = ({ samples }: typeof once) => samples.find(({ content }) => content === 'x')?.id;
  expect(idOf(twice)).toBe(idOf(once)); // a refined model has learnt this id
  expect(counts(twice)).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  const [{ id } = { id: -1 }] = twice.samples;
  expect(counts(moveSample(twice, id, second))).toEqual([
    ['a', 0],
    ['b', 2],
  ]);
  expect(counts(removeClass(twice, second))).toEqual([['a', 1]]);
  expect(new Set(twice.samples.map((sample) => sample.id)).size).toBe(2);
});

test('missing samples, classes and names are explained one after the other', () => {
  let set = emptySet<string>(['a']);
  expect(missingIn(set, 'messages')).toBe('Add some messages first.');
  set = addSamples(set, 0, ['x']);
  expect(missingIn(set, 'messages')).toBe('It takes two classes at least.');
  set = addClass(set, ' a ');
  expect(missingIn(set, 'messages')).toBe('Two classes have this name.');
  const [, { id } = { id: -1 }] = set.classes;
  set = renameClass(set, id, '  ');
  expect(missingIn(set, 'messages')).toBe('A class needs a name.');
  set = renameClass(set, id, 'b');
  expect(missingIn(set, 'messages')).toBe('There are no messages in “b” yet.');
  expect(missingIn(addSamples(set, id, ['y']), 'messages')).toBe('');
});

test('samples are numbered in the order in which they were labelled', () => {
  const set = addSamples(addSamples(addSamples(emptySet<string>(['a', 'b']), 1, ['x']), 0, ['y']), 1, ['z']);
  expect(numbered(set).map(({ content, label }) => `${content} ${label}`)).toEqual(['x 1', 'y 0', 'z 1']);
});

test('samples that vectors were not trained on are held out', () => {
  const set = addSamples(addSamples(emptySet<string>(['a', 'b']), 0, ['x', 'y']), 1, ['z']);
  const [first, , last] = numbered(set).map(({ id }) => id);
  const { train, heldOut } = splitSamples(set, [first!, last!]);
  expect(train.map(({ content }) => content)).toEqual(['x', 'z']);
  expect(heldOut.map(({ content, label }) => `${content} ${label}`)).toEqual(['y 0']);
});

test('the number of classes is limited', () => {
  const names = Array.from({ length: MOST_CLASSES }, (_, index) => `c${index}`);
  const set = emptySet<string>(names);
  expect(() => addClass(set, 'more')).toThrow('There can be 20 classes at most.');
});

test('a sample without a label needs a class', () => {
  const none = emptySet<string>([]);
  expect(addSamples(none, undefined, [])).toBe(none);
  expect(() => addSamples(none, undefined, ['x'])).toThrow('Add a class first, and choose it.');
  expect(() => addSamples(none, 0, ['x'])).toThrow('Add a class first, and choose it.');
  expect(addLabelled(emptySet<string>(['a']), []).classes).toHaveLength(1);
});
