import { expect, test } from 'vitest';
import { accuracyInWords, type Learnt } from '../../demo/src/classes/learnt';

const kind = { thing: 'message', things: 'messages' };
const learnt: Learnt = {
  model: 'any',
  labels: ['a', 'b'],
  classIds: [0, 1],
  files: { 'adapter_config.json': new Blob([]), 'adapter_model.safetensors': new Blob([]) },
  samples: 30,
  measured: undefined,
  refined: undefined,
  at: 0,
};

test.each<[Partial<Learnt>, string, RegExp]>([
  [
    { measured: { right: 25, of: 30, inTurn: true, confusion: null } },
    'Right for about 8 of 10 messages it had not seen.',
    /left out/,
  ],
  [
    { measured: { right: 5, of: 7, inTurn: false, confusion: null } },
    'Right for 5 of 7 messages it had not seen.',
    /kept apart/,
  ],
  [
    { measured: { right: 30, of: 30, inTurn: true, confusion: null } },
    'Right for all 30 messages it had not seen.',
    /left out/,
  ],
  [{}, 'It has learnt from 30 messages.', /^With two messages in a class/],
  [{ refined: [1] }, 'It has learnt from 30 messages.', /^Label some more messages/],
])('%j: the accuracy is described in words', (changes, text, note) => {
  const words = accuracyInWords({ ...learnt, ...changes }, kind);
  expect(words.text).toBe(text);
  expect(words.note).toMatch(note);
});
