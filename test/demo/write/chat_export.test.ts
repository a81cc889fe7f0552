import { expect, test } from 'vitest';
import { peopleIn } from '../../../demo/src/write/text/chat_export';

const android = `12/31/23, 9:40 PM - Messages and calls are end-to-end encrypted.
12/31/23, 9:41 PM - Ann: Are you there?
12/31/23, 9:42 PM - Bo: On my way: ten minutes
and I bring bread
12/31/23, 9:43\u202fPM - Ann: <Media omitted>
12/31/23, 9:43 PM - Ann: Good
1/1/24, 12:00 AM - Ann: Happy new year
`;

test('a chat of an Android phone is split by person', () => {
  expect(peopleIn(android)).toEqual([
    { name: 'Ann', count: 3, text: 'Are you there?\nGood\nHappy new year' },
    { name: 'Bo', count: 1, text: 'On my way: ten minutes\nand I bring bread' },
  ]);
});

test.each(['\u2028', '\u2029', '\r'])('a message with the break %j is not added to the message before it', (end) => {
  const lines = `31/12/2023, 21:41 - Ann: hello\n31/12/2023, 21:42 - Bo: one${end}two\n`.repeat(2);
  expect(peopleIn(lines)?.map(({ name, text }) => [name, text])).toEqual([
    ['Ann', 'hello\nhello'],
    ['Bo', `one${end}two\none${end}two`],
  ]);
});

test.each([
  ['[31.12.23, 21:41:05] Ann: hello', '[31.12.23, 21:42:05] \u200eAnn: \u200eimage omitted'],
  ['[2023-12-31, 9:41:05\u202fPM] Ann: hello', '\u200e[2023-12-31, 9:41:05\u202fPM] Ann: \u200evideo omitted'],
  ['31/12/2023, 21:41 - Ann: hello', '31/12/2023, 21:41 - Ann left'],
  ['[31/12/23, 9:41:05 p.\u00a0m.] Ann: hello', '[31/12/23, 9:42:05 p.\u00a0m.] \u200eAnn: \u200eimagen omitida'],
  [
    '[31/12/23, 9:41:05\u202fp.\u00a0m.] Ann: hello',
    '[31/12/23, 9:42:05\u202fp.\u00a0m.] \u200eAnn: \u200eaudio omitido',
  ],
  ['31/12/23, 9:41 p. m. - Ann: hello', '31/12/23, 9:41 p. m. - Ann: <Multimedia omitido>'],
  ['31.12.2023 21.41 - Ann: hello', '31.12.2023 21.41 - Ann: <Medien ausgeschlossen>'],
])('a chat of lines like %s is split by person', (line, ofTheApp) => {
  expect(peopleIn([ofTheApp, line, line, line, line].join('\r\n'))).toEqual([
    { name: 'Ann', count: 4, text: 'hello\nhello\nhello\nhello' },
  ]);
});

test.each([
  ['', 'nothing'],
  ['Ann: hello\nBo: hello\nAnn: yes\nBo: no', 'a play'],
  ['1/1/24, 12:00 AM - Ann: hi\n'.repeat(3), 'three messages'],
  [`${'1/1/24, 12:00 AM - Ann: hi\n'.repeat(4)}${'A line of prose.\n'.repeat(40)}`, 'prose that quotes a chat'],
])('other text is no chat', (text) => {
  expect(peopleIn(text)).toBeUndefined();
});

test('a line of any length is read in time that grows with its length', () => {
  const long = '1/1/24, 12:00 AM - '.padEnd(2 ** 22, 'a:');
  expect(peopleIn(`${long}\n`.repeat(2))).toBeUndefined();
});
