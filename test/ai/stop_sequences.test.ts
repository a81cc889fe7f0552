import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginningAtEnd, StopSequences } from '../../src/ai/stop_sequences';

/** Returns the text before the first stop sequence, which it searches in the whole text. */
function cut(text: string, sequences: readonly string[]): string {
  const places = sequences.map((sequence) => text.indexOf(sequence)).filter((place) => place >= 0);
  return text.slice(0, Math.min(text.length, ...places));
}

test('however a text is cut into pieces, the text before the first stop sequence is left', () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 });
  const sequences = fc.array(
    few.filter((text) => text !== ''),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.array(few, { maxLength: 8 }), sequences, (pieces, stops) => {
      const filter = new StopSequences(stops);
      // Generation ends with the token that completes a stop sequence.
      let read = '';
      let written = '';
      for (const piece of pieces) {
        if (filter.isFound) break;
        read += piece;
        written += filter.push(piece);
        expect(cut(read, stops).startsWith(written)).toBe(true);
      }
      expect(written + filter.finish()).toBe(cut(read, stops));
      expect(filter.isFound).toBe(stops.some((stop) => read.includes(stop)));
    }),
  );
});

test.each<[string, string, number]>([
  ['a\n', '\n\n', 1],
  ['a\n\n', '\n\n', 1],
  ['By wh', 'whale', 2],
  ['By whale', 'whale', 0],
  ['', 'whale', 0],
  ['By', 'y', 0],
])('%j ends with the beginning of %j, of %i characters', (text, sequence, length) => {
  expect(beginningAtEnd(text, sequence)).toBe(length);
});
