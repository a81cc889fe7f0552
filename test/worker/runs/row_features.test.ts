import { expect, test } from 'vitest';
import { remember } from '../../../src/worker/runs/row_features';

test('holds the features that were used last', () => {
  const known = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  remember(known, new Map([['a', 1]]), 3);
  expect([...known.keys()]).toEqual(['b', 'c', 'a']);
  remember(known, new Map([['d', 4]]), 3);
  expect([...known.keys()]).toEqual(['c', 'a', 'd']);
  remember(known, new Map(), 1);
  expect([...known.keys()]).toEqual(['d']);
});
