import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { animalPairs, definedWords, readAnimalPairs } from '../../../scripts/results/data/word_pairs.mjs';
import { tableRows } from '../../helpers/bytes/tables';

const NOUNS = [
  '00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is perceived  ',
  '01503061 05 n 01 bird 0 002 @ 01471682 n 0000 | warm-blooded (and) egg-laying; "a bird sang"  ',
  '01503062 05 n 01 bug 0 000 | an insect of any kind: "a bug"  ',
  '01503063 05 n 01 rare 0 000 | an animal that no text mentions  ',
  '01503064 05 n 02 sea_bird 0 seabird 0 000 | a bird that lives by the sea  ',
  '01503065 05 n 01 short 0 000 | too short  ',
  '02800000 06 n 01 boat 0 000 | a small vessel for the water  ',
  '02800001 06 n 01 bird 0 000 | a second meaning of the word bird  ',
  '02800002 06 n 01 basket 0 000 | a container that is woven.  ',
  '02800003 06 n 01 wall 0 000 | a thing whose letter has no animal  ',
].join('\n');
const SENSES = [
  'bird%1:05:00:: 01503061 1 25',
  'bird%1:06:00:: 02800001 2 5',
  'bug%1:05:00:: 01503062 1 2',
  'rare%1:05:00:: 01503063 1 0',
  'short%1:05:00:: 01503065 1 9',
  'boat%1:06:00:: 02800000 1 7',
  'basket%1:06:00:: 02800002 1 1',
  'wall%1:06:00:: 02800003 1 1',
].join('\n');

test('words are single ones that texts have, each with its first definition', () => {
  expect(definedWords(NOUNS, SENSES).map(({ file, word, definition }) => [file, word, definition])).toEqual([
    ['05', 'bird', 'warm-blooded egg-laying'],
    ['05', 'bug', 'an insect of any kind'],
    ['06', 'boat', 'a small vessel for the water'],
    ['06', 'basket', 'a container that is woven.'],
    ['06', 'wall', 'a thing whose letter has no animal'],
  ]);
});

test('an animal stands beside a thing with its first letter and a definition of nearly its length', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'data.noun'), NOUNS);
  writeFileSync(join(folder, 'index.sense'), SENSES);
  const pairs = readAnimalPairs(folder);
  expect(pairs).toEqual(animalPairs(definedWords(NOUNS, SENSES).reverse()));
  expect(pairs.map(({ prompt }) => prompt)).toEqual(Array(2).fill('A word that begins with B, and its meaning:'));
  expect(pairs.map(({ chosen }) => chosen).sort()).toEqual([
    ' bird, warm-blooded egg-laying.',
    ' bug, an insect of any kind.',
  ]);
  expect(pairs.map(({ rejected }) => rejected).sort()).toEqual([
    ' basket, a container that is woven.',
    ' boat, a small vessel for the water.',
  ]);
});

test('SmolLM2, which finds about half of the animals likelier, makes four of five of them likelier by 48 pairs', () => {
  const [row = []] = tableRows('docs/RESULTS.md', 'Pairs');
  const [, before = 0, after, rewarded] = row.map((cell) => Number.parseInt(cell, 10) / 48);
  expect(Math.abs(before - 0.5)).toBeLessThan(0.1);
  expect(after).toBeGreaterThan(before);
  expect(rewarded).toBeGreaterThanOrEqual(0.8);
});
