import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSpam, subjectOf } from '../../../scripts/results/data/spam.mjs';
import { definitionsOf, readWordNet } from '../../../scripts/results/data/wordnet.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webvera-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('WordNet', () => {
  const NOUNS = [
    '  1 This software and database is being provided to you, the LICENSEE, by  ',
    '00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is perceived  ',
    '02086723 05 n 02 dog 0 domestic_dog 0 001 @ 02085998 n 0000 | a member of the genus Canis; barks; "the dog barked"  ',
    '07697100 13 n 01 sandwich 0 001 @ 07566863 n 0000 | two (or more) slices of bread with a filling between them  ',
    '07697101 13 n 01 quoted 0 000 | "only an example"  ',
    '10787470 18 n 01 woman 0 001 @ 09619168 n 0000 | an adult female person (as opposed to a man): "the woman kept house"  ',
    '',
  ].join('\n');

  test('definitions are those of the chosen files, without examples', () => {
    expect(definitionsOf(NOUNS)).toEqual([
      { key: '02086723', text: 'a member of the genus Canis; barks', label: 'noun.animal' },
      { key: '07697100', text: 'two (or more) slices of bread with a filling between them', label: 'noun.food' },
      { key: '10787470', text: 'an adult female person (as opposed to a man)', label: 'noun.person' },
    ]);
  });

  test('a folder is read into examples', () => {
    writeFileSync(join(folder, 'data.noun'), NOUNS);
    const { train, test } = readWordNet(folder);
    expect([...train, ...test].map(({ label }) => label).sort()).toEqual(['noun.animal', 'noun.food', 'noun.person']);
  });
});

describe('SpamAssassin', () => {
  test.each([
    ['of the headers alone', 'From a\nSubject: one\nTo: b\n\nSubject: two\n', 'one'],
    ['over several lines', 'SUBJECT: one\r\n\ttwo\r\n three\r\nTo: b\r\n\r\ntext', 'one two three'],
    [
      'without lists and answers',
      'Subject: Re: [ILUG] fwd: RE[2]: [zz] one [two] re: three\n\n',
      'one [two] re: three',
    ],
    ['that is missing', 'From a\n\ntext', undefined],
    ['that is empty', 'Subject: \nTo: b\n\n', undefined],
    ['that is nothing but marks', 'Subject: Re: [ILUG] ...\n\n', undefined],
    ['in encoded words', 'Subject: =?utf-8?Q?one?=\n\n', undefined],
    ['beyond ASCII', 'Subject: caf\u00e9\n\n', undefined],
  ])('a subject %s', (_, mail, expected) => {
    expect(subjectOf(mail)).toBe(expected);
  });

  test('a folder is read into the subjects of each group, once each, with the group’s label', () => {
    const mails = {
      'easy-ham-1/1.txt': 'Subject: Lunch\n\n',
      'easy-ham-2/1.txt': 'Subject: Re: lunch\n\n',
      'spam-2/1.txt': 'Subject: Free money\n\n',
      'spam-2/1.json': '{}',
    };
    for (const [path, mail] of Object.entries(mails)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), mail);
    }
    const { train, test } = readSpam(folder);
    const found = [...train, ...test].sort((a, b) => (a.label < b.label ? -1 : 1));
    expect(found).toEqual([
      { text: expect.stringMatching(/^lunch$/i), label: 'ham' },
      { text: 'Free money', label: 'spam' },
    ]);
  });
});
