import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { IMAGE } from '../../helpers/bytes/hostile_text';
import { expectAccessible } from '../helpers/axe';
import { expectNarrow, exported, told, upload, wipe, withClasses } from './classes_page';
import { builtDemo, click, clickAtOnce, fill, isDisabled, phase, seen, textOf, until } from './demo_page';

const { folder, site } = await builtDemo();

async function rename(page: Page, place: number, to: string): Promise<void> {
  await page.click(`#classes > :nth-child(${place}) input`, { count: 3 });
  await page.keyboard.type(to);
}

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

/** Waits until the page says how many of so many messages it is right for. */
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

test('a visitor sorts messages, trains, tries texts, has everything after a reload, and wipes it', async () => {
  await withClasses(site, '', async (page) => {
    await page.click('nav [href="./classify.html"]');
    await seen(page, '#device');
    expect(await textOf(page, 'nav [aria-current]')).toBe('Classify');
    expect(await textOf(page, '#train-status')).toBe('Add some messages first.');
    expect(await isDisabled(page, '#start')).toBe(true);
    await expectAccessible(page);

    await rename(page, 1, 'question');
    await addLines(page, 'question', ['Are you there?', 'What now?']);
    expect(await textOf(page, '#train-status')).toBe('There are no messages in “Class 2” yet.');
    await rename(page, 2, 'question');
    expect(await textOf(page, '#classes-problem')).toBe('Two classes have this name.');
    await rename(page, 2, 'statement');
    await addLines(page, 'statement', ['I am here.', `It is ${IMAGE}`]);
    // It learns from these four at once.
    await rightFor(page, 4);
    expect(await told(page)).toMatch(/^(question|statement), /);
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

    await page.click('#settings summary');
    await fill(page, { max_steps: '0' });
    await click(page, '#start');
    expect(await textOf(page, '#max_steps-problem')).toBe('A whole number from 1 to 10,000.');
    await fill(page, { max_steps: '12', r: '8' });
    await click(page, '#start');
    await phase(page, '#train-card', 'running');
    await clickAtOnce(page, '#pause');
    await phase(page, '#train-card', 'paused');
    expect(await isDisabled(page, '#use-sample')).toBe(true);
    await click(page, '#pause');
    await phase(page, '#train-card', 'idle');
    const outcome = await textOf(page, '#train-status');
    expect(outcome).toMatch(
      /^Refined on 8 messages in .+: right for [012] of 2 held-out messages before, and for [012] of 2 after\./,
    );
    const isKept = outcome.includes(', and kept: ');
    expect(outcome.endsWith('after. That is no better, so it was left as it was.')).toBe(!isKept);
    expect(await textOf(page, '#number-step')).toBe('12 of 12');
    expect(await textOf(page, '#number-right')).toMatch(/^[012] of 2$/);

    await fill(page, { 'try-text': 'Where is it, then?' });
    const first = await told(page);
    expect(await page.$$eval('#scores .bar', (bars) => bars.length)).toBe(2);
    expect(first).toMatch(/^(question|statement), \d+ % sure$/);
    await expectAccessible(page);
    await expectNarrow(page);
    const { config, weights } = await exported(page, folder);
    expect(config).toMatchObject({ peft_type: 'VERA', r: isKept ? 8 : 64, task_type: 'SEQ_CLS' });
    expect(readSafetensors(weights).tensors.get('base_model.model.score.weight')?.shape).toEqual([2, 128]);

    // A cancelled run keeps the trained adapter.
    await fill(page, { max_steps: '500' });
    await click(page, '#start');
    await phase(page, '#train-card', 'running');
    await click(page, '#cancel');
    await page.click('#confirm-yes');
    await phase(page, '#train-card', 'idle');
    expect(await textOf(page, '#train-status')).toBe('The run ended early, and nothing was kept of it.');

    await page.reload();
    await until(page, () => document.querySelectorAll('.message').length === 10);
    await fill(page, { 'try-text': 'Where is it, then?' });
    expect(await told(page)).toBe(first);
    expect((await exported(page, folder)).weights).toEqual(weights);
    await click(page, '.message button');
    await until(page, () => / from 9 messages\.$/.test(document.querySelector('#kept-text')?.textContent ?? ''));
    await wipe(page);
    await page.reload();
    await seen(page, '#device');
    expect(await page.$('.message')).toBeNull();
    expect(await textOf(page, '#told')).toBe('Give two classes some messages, then try it here.');
  });
});
