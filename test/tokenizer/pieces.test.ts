import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutText, MAX_PIECE, PieceCutter, seamOf } from '../../src/tokenizer/pieces';
import { proseText } from '../helpers/tokenizers';

describe('pieces', () => {
  test('joined are the text, and none is much longer than allowed', () => {
    const text = proseText(50_000);
    const pieces = [...cutText(text, 'keep')];
    expect(pieces.join('')).toBe(text);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(MAX_PIECE + 3);
    expect(pieces.length).toBeLessThan(20);
  });

  test('begin with the space of their first word', () => {
    const pieces = [...cutText('word '.repeat(5000), 'keep')];
    expect(pieces.slice(1).every((piece) => piece.startsWith(' word'))).toBe(true);
  });

  test('lose that space where the tokenizer puts one itself', () => {
    const text = 'word '.repeat(5000);
    const pieces = [...cutText(text, 'drop')];
    expect(pieces.slice(1).every((piece) => piece.startsWith('word'))).toBe(true);
    expect(pieces.join(' ')).toBe(text);
  });

  test('never end within a character', () => {
    const text = `x${'🙂'.repeat(10_000)}`;
    const pieces = [...cutText(text, 'keep')];
    expect(pieces.join('')).toBe(text);
    expect(pieces.every((piece) => !/[\ud800-\udbff]$/.test(piece))).toBe(true);
  });

  test('are the same however the text comes in', () => {
    const text = proseText(12_000);
    const expected = [...cutText(text, 'keep')];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 }), (places) => {
        const borders = [0, ...places.sort((a, b) => a - b), text.length];
        const cutter = new PieceCutter('keep');
        const pieces = borders.slice(1).flatMap((end, i) => [...cutter.push(text.slice(borders[i], end))]);
        expect([...pieces, cutter.finish()]).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

test('the seam is found by trying', () => {
  const code = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
  expect(seamOf(code)).toBe('keep');
  expect(seamOf((text) => code(` ${text}`))).toBe('drop');
  expect(seamOf((text) => [text.length])).toBe('keep');
});
