import '../helpers/gpu/gpu';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { dataFolder } from '../../scripts/results/data/fetch.mjs';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  get_peft_model,
  type TextClassifierOptions,
  Trainer,
  VeraConfig,
} from '../../src/index';
import { openFolder } from '../../src/node/folder';
import { goldenSentences } from '../helpers/golden/golden_sentences';
import { openTestSession } from '../helpers/session/session';
import { withLayers } from './lib/exported';
import { basePath, Folders } from './lib/folders';
import { describeWithPeft } from './lib/peft';
import { runPython } from './lib/python';

const scratch = mkdtempSync(join(tmpdir(), 'webvera-pooled-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function ask(request: object): Promise<number[][]> {
  const file = join(scratch, 'request.json');
  writeFileSync(file, JSON.stringify(request));
  const { code, output } = await runPython('test/with_peft/python', ['pooled.py', file]);
  expect(code, output).toBe(0);
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

function expectNear(actual: readonly ArrayLike<number>[], expected: readonly (readonly number[])[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [row, vector] of expected.entries()) {
    const differences = vector.map((number, index) => Math.abs(number - actual[row]![index]!));
    expect(Math.max(...differences), `row ${row}`).toBeLessThan(1e-5);
  }
}

const name = 'all-MiniLM-L6-v2';
const folder = join(dataFolder(), name);
const reason = existsSync(join(folder, 'model.safetensors')) ? '' : ` (skipped: ${folder} has no model)`;

describeWithPeft('pooled vectors in Python', () => {
  test.skipIf(reason !== '')(`${name} gives the vectors of sentence-transformers${reason}`, async () => {
    const opened = await openTestSession();
    const model = await AutoModel.from_pretrained(await openFolder(folder), { session: opened.session });
    // One text is longer than the folder's limit of 256 tokens.
    const texts = [...goldenSentences.texts.slice(1), 'whale '.repeat(300)];
    expectNear(await model.embed(texts), await ask({ folder, texts }));
    await opened.session.close();
  });

  test.each<[string, string, TextClassifierOptions]>([
    ['on means', basePath('base/bert'), { pooling: 'mean' }],
    ['behind a layer', withLayers('BERT, a layer after cls, as in LaBSE'), { num_labels: 3 }],
  ])('an adapter with a head %s gives the same logits there, and as a whole model too', async (_, place, labels) => {
    const opened = await openTestSession();
    const options = { session: opened.session, ...labels };
    const base = await AutoModelForSequenceClassification.from_pretrained(await openFolder(place), options);
    const config = new VeraConfig({ r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' });
    const model = await get_peft_model(base, config);
    const rows = [
      [2, 40, 50, 3],
      [2, 9, 3],
      [2, 60, 70, 80, 11, 3],
    ];
    const train_dataset = rows.map((input_ids, label) => ({ input_ids, label }));
    await new Trainer({ model, train_dataset, args: { max_steps: 5, learning_rate: 0.05 } }).train();
    const folders = new Folders();
    const adapter = await folders.write(Object.entries(await model.save_pretrained()));
    const request = { base: place, adapter, rows, modules: resolve('src/formats/run_folder') };
    const here = await Promise.all(rows.map(async (ids) => (await model.forward({ input_ids: [ids] })).logits.data));
    expectNear(here, await ask(request));
    const merged = await model.merge_and_unload();
    const whole = await folders.write(await merged.export_model());
    expectNear(here, await ask({ whole, rows }));
    await opened.session.close();
  });
});
