import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { hostileTokenizer, IMAGE } from '../../helpers/bytes/hostile_text';
import { ggufFile } from '../../helpers/golden/golden_gguf';
import { testInAll, testOnce } from '../../helpers/ring';
import { builtDemo, click, fill, isDisabled, seen, textOf, until, withDemo } from './demo_page';
import { bannerText, outcomeOf, upload } from './text_page';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const model = join(root, 'demo/public/models/prose-1.4M');
const { folder, site } = await builtDemo();

/** Waits until the page shows this name for the model in use. */
async function named(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelector('#model-name')?.textContent === wanted,
    { polling: 20 },
    name,
  );
}

testOnce('names, tokens and errors from strangers are shown as text only', async () => {
  await withDemo(site, async (page) => {
    const files = {
      [`${IMAGE}.safetensors`]: await readFile(join(model, 'model.safetensors')),
      'config.json': await readFile(join(model, 'config.json')),
      'tokenizer.json': hostileTokenizer(),
    };
    await upload(page, folder, '#model-files', files);
    await named(page, IMAGE);
    await fill(page, { prompt: IMAGE });
    await click(page, '#write');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#before')).toMatch(/^<img src=x onerror=hit\(\)>.*<img\/src=x\/onerror=hit\(\)>\d/);

    const adapter = join(root, 'test/golden/cases/llama_qvud_big/adapter');
    const config = JSON.parse(await readFile(join(adapter, 'adapter_config.json'), 'utf8'));
    const weights = await readFile(join(adapter, 'adapter_model.safetensors'));
    const odd = { ...config, base_model_name_or_path: IMAGE };
    await click(page, '#import summary');
    await fill(page, { 'import-name': IMAGE });
    const strange = { 'adapter_config.json': JSON.stringify(odd), 'adapter_model.safetensors': weights };
    await upload(page, folder, '#adapter-files', strange);
    await page.waitForSelector('[data-id]');
    expect(await textOf(page, '#kept-list')).toContain(IMAGE);
    expect(await textOf(page, '#kept-list')).toContain(`for ${IMAGE}`);

    const refused = {
      'adapter_config.json': JSON.stringify({ peft_type: IMAGE }),
      'adapter_model.safetensors': weights,
    };
    await upload(page, folder, '#adapter-files', refused);
    expect(await bannerText(page)).toContain(IMAGE);
    expect(await page.$('img')).toBeNull();
  });
});

testInAll('a GGUF file is a whole model', async () => {
  await withDemo(site, async (page) => {
    const gguf = ggufFile('llama-packed');
    await upload(page, folder, '#model-files', { 'one.gguf': gguf, 'another.gguf': gguf });
    expect(await bannerText(page)).toContain('Choose one .gguf file');
    await click(page, '#banner button');
    const letters = Object.fromEntries([...'?abcdefghijklmnopqrstuvwxyz '].map((letter, id) => [letter, id]));
    const tokenizer = { version: '1.0', model: { type: 'BPE', unk_token: '?', vocab: letters, merges: [] } };
    await upload(page, folder, '#model-files', {
      'small.Q4_1.gguf': gguf,
      'tokenizer.json': JSON.stringify(tokenizer),
    });
    await named(page, 'small.Q4_1');
    await page.$eval('#settings', (details) => details.toggleAttribute('open', true));
    await fill(page, { max_steps: '2', warmup_steps: '0', per_device_train_batch_size: '1', max_length: '8' });
    await click(page, '#start');
    await outcomeOf(page);
    expect(await textOf(page, '#code-python')).toContain('from_pretrained(".", gguf_file="small.Q4_1.gguf")');
    expect(await textOf(page, '#python-beside')).toBe('GGUF file');
    expect(
      await page.$$eval('#model-package, #tag-sample', (all) => all.map((one) => one.hasAttribute('hidden'))),
    ).toEqual([true, true]);
    // The button that leads back disappears, and the focus stays beside it.
    await click(page, '#model-bundled');
    await named(page, 'prose-1.4M');
    await until(page, () => document.activeElement?.id === 'pick-model');
  });
});

testOnce('files that are no model or no adapter are refused with a hint', async () => {
  await withDemo(site, async (page) => {
    const weights = await readFile(join(model, 'model.safetensors'));
    const cut = {
      'config.json': await readFile(join(model, 'config.json')),
      'tokenizer.json': await readFile(join(model, 'tokenizer.json')),
      'model.safetensors': weights.subarray(0, 100_000),
    };
    await upload(page, folder, '#model-files', cut);
    expect(await bannerText(page)).toContain(`expected a file of ${weights.length} bytes, got 100000`);
    expect(await textOf(page, '#banner p')).toContain('download or export it again');
    expect(await isDisabled(page, '#write')).toBe(false);

    await click(page, '#banner button');
    await upload(page, folder, '#model-files', { 'config.json': '{}' });
    expect(await bannerText(page)).toContain('a .safetensors file and tokenizer.json');

    await click(page, '#banner button');
    const loha = { 'adapter_config.json': '{"peft_type": "LOHA"}', 'adapter_model.safetensors': weights };
    await upload(page, folder, '#adapter-files', loha);
    expect(await bannerText(page)).toMatch(/peft_type: expected "VERA".*, got "LOHA"/);
    expect(await page.$('[data-id]')).toBeNull();
  });
});

testOnce('the scripts of the first words, the page’s and its worker’s, have at most 300 kB after gzip', async () => {
  const html = await readFile(join(site, 'index.html'), 'utf8');
  const linked = [...html.matchAll(/"\.\/(assets\/[^"]+\.js)"/g)].map(([, path = '']) => join(site, path));
  expect(linked.length).toBeGreaterThan(2);
  const scripts = await Promise.all(linked.map((path) => readFile(path)));
  const [, worker = ''] = /["'`](entry-[\w-]+\.js)["'`]/.exec(scripts.join('')) ?? [];
  scripts.push(await readFile(join(site, 'assets', worker)));
  expect(scripts.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0)).toBeLessThan(300_000);
});

testOnce('a chat file is learnt by person', async () => {
  await withDemo(site, async (page) => {
    const line = (n: number) => `31/12/2023, 21:4${n} - ${n < 3 ? `${IMAGE}: word ${n}` : `Bo: reply ${n}`}\n`;
    await upload(page, folder, '#text-files', { 'chat.txt': Array.from({ length: 8 }, (_, n) => line(n)).join('') });
    await seen(page, '#people-row');
    await until(page, () =>
      /^reply 3\nreply 4/.test(document.querySelector<HTMLTextAreaElement>('#text-input')?.value ?? ''),
    );
    expect(await textOf(page, '#people')).toBe(`Bo · 5${IMAGE} · 3`);
    // A locator waits until the button has stopped moving.
    await page.locator('#people li:last-child button').click();
    await page.waitForFunction(
      () => !document.querySelector<HTMLTextAreaElement>('#text-input')?.value.includes('reply'),
    );
    expect(await page.$eval('#text-input', (box) => (box as HTMLTextAreaElement).value)).toBe('word 0\nword 1\nword 2');
    expect(await textOf(page, '#people [aria-pressed="true"]')).toContain(IMAGE);
    await upload(page, folder, '#text-files', { 'letter.txt': 'Dear Ann' });
    await page.waitForSelector('#people-row', { hidden: true });
    expect(await page.$('img')).toBeNull();
    await upload(page, folder, '#text-files', { 'chat.zip': zipSync({ '_chat.txt': strToU8(line(0)) }) });
    expect(await bannerText(page)).toBe('chat.zip is packed. Unpack it first, and choose the _chat.txt in it.');
  });
});
