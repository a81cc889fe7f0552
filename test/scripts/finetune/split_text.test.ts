import fc from 'fast-check';
import { expect, test } from 'vitest';
import { promptFrom, splitText } from '../../../scripts/finetune/split_text.mjs';

test('cuts before the paragraph in which the last tenth begins', () => {
  const paragraphs = Array.from({ length: 100 }, (_, i) => `Paragraph ${String(i).padStart(2, '0')} has some words.`);
  const { train, heldOut } = splitText(paragraphs.join('\n\n'));
  expect(train.endsWith('Paragraph 88 has some words.\n\n')).toBe(true);
  expect(heldOut.startsWith('Paragraph 89 ')).toBe(true);
});

test('cuts between words if no paragraph is near', () => {
  const { train, heldOut } = splitText('word '.repeat(1000));
  expect(train).toBe('word '.repeat(900));
  expect(heldOut).toBe('word '.repeat(100));
});

test('holds out at least a tenth, not much more, and keeps all characters', () => {
  const text = fc.array(fc.constantFrom('a', ' ', '\n', '\n\n', 'ä🐋'), { minLength: 20, maxLength: 400 });
  fc.assert(
    fc.property(text, (parts) => {
      const whole = parts.join('');
      const { train, heldOut } = splitText(whole);
      expect(train + heldOut).toBe(whole);
      expect(heldOut.length).toBeGreaterThanOrEqual(whole.length * 0.1);
      expect(heldOut.length).toBeLessThanOrEqual(whole.length * 0.15 + 1);
    }),
  );
});

test('the prompt is the beginning of the held-out text', () => {
  expect(promptFrom('\n  One two\nthree four  five six seven.')).toBe('One two three four five six');
  expect(promptFrom('x'.repeat(500))).toHaveLength(100);
});
