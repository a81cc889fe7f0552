import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { IMAGE } from '../../helpers/bytes/hostile_text';
import { expectAccessible } from '../helpers/axe';
import { expectNarrow, exported, told, upload, wipe, withClasses, withoutRefining } from './classes_page';
import { builtDemo, click, clickAtOnce, fill, isDisabled, phase, retype, seen, textOf, until } from './demo_page';

const { folder, site } = await builtDemo();

const rename = (page: Page, place: number, to: string): Promise<void> =>
  retype(page, `#classes > :nth-child(${place}) input`, to);

async function addLines(page: Page, name: string, lines: readonly string[]): Promise<void> {
  const value = await page.$$eval(
    '#new-class option',
    (options, wanted) => options.find((option) => option.textContent === wanted)?.value ?? '',
    name,
  );
  await page.select('#new-class', value);
  await page.click('#new-text');
  await page.keyboard.type(lines.join('\n'));
  await click(page, '#add-messages');
}

/** Waits until the page says how many of `count` messages it classifies correctly. */
async function rightFor(page: Page, count: number): Promise<void> {
  await page.waitForFunction(
    (all) =>
      new RegExp(`^Right for \\d+ of ${all} messages`).test(document.querySelector('#accuracy')?.textContent ?? ''),
    { polling: 20 },
    count,
  );
}

const CSV = `label,text
question,"Where is it, then?"
statement,"He said ""no"", and left."
question,Is it late?
statement,It is late.
question,Who is there?
statement,We are here.
`;

test('a visitor tries the examples, teaches a message, sorts others, has everything after a reload, and wipes it', async () => {
  await withClasses(site, '', async (page) => {
    await Promise.all([page.waitForNavigation(), page.click('nav [href="./classify.html"]')]);
    await seen(page, '#device');
    await withoutRefining(page);
    expect(await textOf(page, 'nav [aria-current]')).toBe('Classify');
    // The page begins with sample messages, which it has learnt.
    await until(page, () => /^Right for about/.test(document.querySelector('#accuracy')?.textContent ?? ''));
    expect(await textOf(page, '#messages-count')).toBe('80 messages');
    expect(await told(page)).toMatch(/^spam, /);
    expect(await page.$$eval('#confusions td', (cells) => cells.length)).toBe(5);
    await expectAccessible(page);
    await fill(page, { 'try-text': 'My parrot sings' });
    await click(page, '[aria-label="Teach that this is not spam"]');
    await until(page, () => / from 81 messages\.$/.test(document.querySelector('#kept-text')?.textContent ?? ''));
    await wipe(page);

    expect(await textOf(page, '#accuracy')).toBe('Add some messages first.');
    expect(await isDisabled(page, '#refine')).toBe(true);
    await rename(page, 1, 'question');
    await addLines(page, 'question', ['Are you there?', 'What now?']);
    expect(await textOf(page, '#accuracy')).toBe('There are no messages in “Class 2” yet.');
    await rename(page, 2, 'question');
    expect(await textOf(page, '#classes-problem')).toBe('Two classes have this name.');
    await rename(page, 2, 'statement');
    await addLines(page, 'statement', ['I am here.', `It is ${IMAGE}`]);
    // The page learns these four messages at once.
    await rightFor(page, 4);
    expect(await told(page)).toMatch(/question|statement/);
    await upload(page, folder, '#message-files', 'broken.jsonl', '{"text": ');
    await seen(page, '#banner');
    expect(await textOf(page, '#banner p')).toBe("Line 1 isn't JSON.");
    await upload(page, folder, '#message-files', 'rows.csv', CSV);
    await until(page, () => document.querySelectorAll('.message').length === 10);
    expect(await page.$$eval('#classes .facts', (counts) => counts.map((count) => count.textContent))).toEqual([
      '5 messages',
      '5 messages',
    ]);
    expect(await textOf(page, '#messages')).toContain('He said "no", and left.');
    expect(await page.$('img')).toBeNull();
    await rightFor(page, 10);
    expect(await textOf(page, '#kept-text')).toMatch(/^Tells “question” and “statement” apart: .+ from 10 messages\.$/);

    // A stopped refinement changes nothing.
    await fill(page, { 'try-text': 'Where is it, then?' });
    const first = await told(page);
    expect(await page.$$eval('#classes .bar-value', (values) => values.map(({ textContent }) => textContent))).toEqual([
      expect.stringMatching(/ %$/),
      expect.stringMatching(/ %$/),
    ]);
    const stopped = clickAtOnce(page, '#stop');
    await click(page, '#refine');
    await stopped;
    await phase(page, '#train-card', 'idle');
    expect(await told(page)).toBe(first);
    await expectAccessible(page);
    await expectNarrow(page);
    const { config, weights } = await exported(page, folder);
    expect(config).toMatchObject({ peft_type: 'VERA', r: 64, task_type: 'SEQ_CLS' });
    expect(readSafetensors(weights).tensors.get('base_model.model.classifier.weight')?.shape).toEqual([2, 128]);

    await page.reload();
    await until(page, () => document.querySelectorAll('.message').length === 10);
    await withoutRefining(page);
    await fill(page, { 'try-text': 'Where is it, then?' });
    expect(await told(page)).toBe(first);
    expect((await exported(page, folder)).weights).toEqual(weights);
    await click(page, '.message button');
    await until(page, () => / from 9 messages\.$/.test(document.querySelector('#kept-text')?.textContent ?? ''));
    await wipe(page);
    expect(await page.$('.message')).toBeNull();
    expect(await textOf(page, '#told')).toBe('Add some messages first.');
  });
});
