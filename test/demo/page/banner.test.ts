import { expect, test } from 'vitest';
import { WebVeraError } from 'webvera';
import { ChoiceProblem } from '../../../demo/src/library/choice_problem';
import { errorInWords } from '../../../demo/src/page/banner';

test('a visitor reads what to do in the page, not options of the library', () => {
  const locked = new WebVeraError('locked_by_other_tab', 'Another run is going on', { hint: 'Pass take_over: true.' });
  expect(errorInWords(locked).join(' ')).toBe(
    'Another tab is at work on this. Wait until it ends there, or stop it there, and try again.',
  );
  const offline = new WebVeraError('offline', 'Expected https://a/ to answer', { hint: 'The server must allow CORS.' });
  expect(errorInWords(offline).join(' ')).toBe(
    'There is no connection, and what this needs isn’t stored here. Check the connection, and try again.',
  );
  const full = new WebVeraError('storage_full', 'Storage is full', { hint: 'Free disk space.' });
  expect(errorInWords(full)).toEqual(['Storage is full', 'Free disk space.']);
  expect(errorInWords(new ChoiceProblem('Choose one.'))).toEqual(['Choose one.']);
  expect(errorInWords(new Error('No'))).toEqual(['No', 'Reloading the page may help.']);
});
