import { expect, test } from 'vitest';
import { folderName, pageFor, pythonFor, tagFor } from '../../../demo/src/write/outcome/code';
import { measuredInWords, outcomeInWords } from '../../../demo/src/write/outcome/words';
import { splitText } from '../../../demo/src/write/teach/held_out';
import { formatOf } from '../../../src/page/data/feed';

const paragraphs = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `Day ${index + 1}. I woke at noon, and the bird was there again.`);
const corpus = (text: string, name = 'a.txt') => ({ name, blob: new Blob([text], { type: 'text/plain' }) });

test('a sixth of the paragraphs is held out, from all over the text, and none is learnt too', async () => {
  const all = paragraphs(24);
  const { learnt, heldOut, opening } = await splitText(corpus(all.join('\n\n')));
  const [kept, aside] = await Promise.all([learnt, heldOut].map(async (file) => (await file.text()).split('\n\n')));
  expect(aside).toEqual([6, 12, 18, 24].map((day) => all[day - 1]));
  expect(kept).toEqual(all.filter((one) => !aside?.includes(one)));
  expect(opening).toBe('Day 6.');
  expect(learnt.name).toBe('a.txt');
});

test.each([
  ['My dear Anna, you ask me what I do all day.', 'My dear Anna,'],
  ['Fried fish. Wash the fish, and dry it.', 'Fried fish.'],
  ['It rained from noon on until all of the roads were gone.', 'It rained from noon on'],
])('it writes anew from the first words of the held-out part: %j', async (text, wanted) => {
  const { opening } = await splitText(corpus(Array.from({ length: 12 }, () => text).join('\n\n')));
  expect(opening).toBe(wanted);
});

test.each([
  ['lines', paragraphs(12).join('\n'), '\n'],
  ['sentences', `${'The bird sat there. It sang! Who fed it? '.repeat(6)}`.trim(), ' '],
])('a text without paragraphs is split by its %s', async (_, text, joint) => {
  const { learnt, heldOut } = await splitText(corpus(text));
  const both = [await learnt.text(), await heldOut.text()].join(joint);
  expect(both.split(joint).sort()).toEqual(text.split(joint).sort());
});

test.each([
  ['She said “no.” He left. ', ' '],
  ['今日は朝から雨が降っていた。「寒い。」と猫は思った。', ''],
  ['बिल्ली सो रही थी। बाहर बारिश हो रही थी। ', ' '],
])('sentences of any script are held out whole: %j', async (text, joint) => {
  const whole = text.repeat(20).trim();
  const { learnt, heldOut } = await splitText(corpus(whole));
  const [kept, aside] = await Promise.all([learnt.text(), heldOut.text()]);
  expect(aside.length).toBeGreaterThan(whole.length / 12);
  expect(kept.length + aside.length + joint.length).toBe(whole.length);
});

test('JSON Lines stay whole lines of a file that is known as such', async () => {
  const lines = paragraphs(18).map((text) => JSON.stringify({ text: `${text}\n\nAnd more.` }));
  const { learnt, heldOut, opening } = await splitText(corpus(lines.join('\n'), 'a.jsonl'));
  expect((await heldOut.text()).split('\n')).toEqual([5, 11, 17].map((index) => lines[index]));
  expect([learnt.name, heldOut.name, opening]).toEqual(['a.jsonl', 'a.jsonl', '']);
});

test.each(['diary.csv', 'DIARY.CSV', 'chat.json'])('parts of %s are text, as they are no such file', async (name) => {
  const line = 'Day 1,"I woke at noon, and the bird was there again."\n';
  for (const count of [20, Math.ceil(LONG / line.length)]) {
    const blob = new Blob([line.repeat(count)], { type: name === 'chat.json' ? 'application/json' : 'text/csv' });
    const { learnt, heldOut } = await splitText({ name, blob });
    expect([learnt, heldOut].map(formatOf)).toEqual(['text', 'text']);
  }
});

const LONG = 2_100_000;

test('of a text that is too long to be held in memory the last lines are held out', async () => {
  const line = 'I woke at noon, and the bird was there again.\n';
  const text = line.repeat(Math.ceil(LONG / line.length));
  const { learnt, heldOut } = await splitText(corpus(text));
  expect((await learnt.text()) + (await heldOut.text())).toBe(text);
  expect(await heldOut.text()).toMatch(/^I woke at noon.*again\.\n$/s);
  expect(heldOut.size).toBeLessThan(2500);
});

test.each([100, 9000])('a long file of JSON Lines of %d characters is cut between lines', async (length) => {
  const line = `${JSON.stringify({ text: 'x'.repeat(length) })}\n`;
  const parts = await splitText(corpus(line.repeat(Math.ceil(LONG / line.length)), 'a.jsonl'));
  for (const file of [parts.learnt, parts.heldOut])
    for (const one of (await file.text()).trimEnd().split('\n')) expect(`${one}\n`).toBe(line);
});

test('a long text of one line is cut between characters', async () => {
  const text = `a${'日'.repeat(LONG / 3)}`;
  const { learnt, heldOut } = await splitText(corpus(text));
  expect((await learnt.text()) + (await heldOut.text())).toBe(text);
});

test.each([
  ['', 0],
  ['One line.', 1],
  ['a\n\nb\n\nc\n\nd\n\ne\n\nf\n\ng\n\nh', 8],
  ['x'.repeat(5000), 1],
])('a text with too little to learn and to measure is refused: %j', async (text) => {
  await expect(splitText(corpus(text))).rejects.toThrow('That is too little to learn from.');
});

test("a lesson's result is described by its measure, and never as a success that it isn't", () => {
  expect(measuredInWords({ step: 0, choices: 88.6 }, { step: 0, choices: 88.6 })).toBe(
    'On the part kept aside it wavers between 89 pieces of words at each step. Now it learns from the rest.',
  );
  expect(measuredInWords({ step: 0, choices: 88.6 }, { step: 20, choices: 9.52 })).toBe(
    'On the part kept aside it wavered between 89 pieces of words at each step. After step 20: between 9.52.',
  );
  expect(outcomeInWords(88.6, 61.6)).toEqual({
    headline: '30 % of its doubt about your text is gone',
    meaning: expect.stringContaining('between 89 choices before, and between 62 now'),
  });
  expect(outcomeInWords(60, 60.2).headline).toBe('It has hardly learnt');
  expect(outcomeInWords(60, 70).headline).toBe('It fits your text worse than before');
});

test('code to copy names folders only by signs that need no quoting', () => {
  expect(folderName('my voice’s "best"\\\n</script>')).toBe('my-voice-s-best-script');
  expect(folderName('../..')).toBe('voice');
  expect(folderName('日記 2')).toBe('日記-2');
  const [python, page, tag] = [
    pythonFor('a "b"', { name: 'm"x' }),
    pageFor("a 'b'", { name: "m'x" }),
    tagFor({ name: 'm"x' }),
  ];
  expect(python).toContain('AutoModelForCausalLM.from_pretrained("m-x"), "a-b")');
  expect(page).toContain("PeftModel.from_pretrained(base, './a-b/')");
  expect(tag).toContain('<web-vera model="./m-x/" r="64"></web-vera>');
});

test('code to copy loads a GGUF file by its name, and leaves out the tag, which has no GGUF files', () => {
  const gguf = { name: 'a "b"', gguf_file: 'a "b" </script>.Q4_1.gguf' };
  const file = '"a \\"b\\" \\u003c/script>.Q4_1.gguf"';
  const python = pythonFor('v', gguf);
  expect(python).toContain(`AutoTokenizer.from_pretrained(".", gguf_file=${file})`);
  expect(python).toContain(`AutoModelForCausalLM.from_pretrained(".", gguf_file=${file}), "v")`);
  expect(pageFor('v', gguf)).toContain(`AutoModelForCausalLM.from_pretrained('./', { gguf_file: ${file} })`);
  expect(tagFor(gguf)).toBeUndefined();
});
