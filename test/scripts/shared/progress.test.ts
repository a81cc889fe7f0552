import { expect, test } from 'vitest';
import { count, duration, progressLine, size, wrap } from '../../../scripts/shared/progress.mjs';

test.each([
  [0, '0:00'],
  [59.6, '1:00'],
  [754, '12:34'],
  [3723, '1:02:03'],
  [Number.POSITIVE_INFINITY, '–'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [50_168, '50.2 kB'],
  [2_745_400, '2.7 MB'],
  [331_417_000, '331 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test('counts have separators of thousands', () => {
  expect(count(1_379_711.6)).toBe('1,379,712');
});

test('wraps between words', () => {
  expect(wrap('one  two\nthree', { indent: '> ', width: 9 })).toBe('> one two\n> three');
  expect(wrap('', { indent: '> ' })).toBe('> ');
});

function stream(isTTY: boolean) {
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    return true;
  };
  return { stream: { isTTY, columns: 60, write } as unknown as NodeJS.WriteStream, text: () => written };
}

test('redraws one line on a terminal', () => {
  const { stream: tty, text } = stream(true);
  const line = progressLine(tty);
  line.update({ done: 1, total: 4, detail: 'loss 4.1' });
  line.update({ done: 4, total: 4, detail: 'x'.repeat(200) });
  line.end();
  line.end();
  const [, first, second] = text().split('\r');
  expect(first).toContain('[██████░░░░░░░░░░░░░░░░░░] 1/4  loss 4.1');
  expect(second?.replace('\u001b[2K', '').trim()).toHaveLength(59);
  expect(text().match(/\n/g)).toHaveLength(1);
});

test('writes a line for each tenth without a terminal', () => {
  const { stream: pipe, text } = stream(false);
  const line = progressLine(pipe);
  for (let done = 1; done <= 100; done++) line.update({ done, total: 100, detail: '' });
  line.end();
  expect(text().trim().split('\n')).toHaveLength(11);
});
