import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  type Dataset,
  type Example,
  get_peft_model,
  type StepLogs,
  type Tokenizer,
  type TrainEvent,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { largestDifference } from '../../helpers/golden/golden';
import { smallWriter } from '../../helpers/models/small_writer';
import { proseText } from '../../helpers/models/tokenizers';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
let model: VeraModel;
let tokenizer: Tokenizer;

beforeAll(async () => {
  opened = await openTestSession();
  const { session } = opened;
  const base = await AutoModelForCausalLM.from_pretrained({ files: smallWriter() }, { session });
  model = await get_peft_model(base, new VeraConfig({ r: 4, target_modules: ['q_proj'] }));
  tokenizer = base.tokenizer!;
});
afterAll(() => opened.session.close());

/** Trains with a learning rate of 0 and returns the logs, so that each loss can be compared with a loss that is computed alone. */
async function lossesOf(train_dataset: Dataset, args: TrainingArguments = {}): Promise<StepLogs[]> {
  const still = {
    learning_rate: 0,
    num_train_epochs: 1,
    shuffle: false,
    per_device_train_batch_size: 1,
    max_length: 48,
  };
  const logs: StepLogs[] = [];
  const run = new Trainer({ model, args: { ...still, ...args }, train_dataset }).train();
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  return logs;
}

async function lossOf(input_ids: number[], labels = input_ids): Promise<number> {
  return (await model.forward({ input_ids: [input_ids], labels: [labels] })).loss!;
}

/** Splits tokens into blocks of `length` tokens. Leaves out a last block of one token, because it predicts nothing. */
function blocksOf(ids: readonly number[], length: number): number[][] {
  const starts = Array.from({ length: Math.ceil(ids.length / length) }, (_, index) => index * length);
  return starts.map((start) => ids.slice(start, start + length)).filter((block) => block.length > 1);
}

/** Expects equal losses, up to rounding: the two computations may pad rows to different lengths, and then sum in another order. */
function expectLosses(logs: StepLogs[], losses: number[]): void {
  expect(
    largestDifference(
      logs.map(({ loss }) => loss),
      losses,
    ),
  ).toBeLessThan(1e-5);
}

const sentences = [
  'It was a fine morning.',
  'The ship lay quiet in the harbour, and nobody came.',
  'Naïve — he paid £3.',
];

test('texts: in an array, an async iterable, JSON Lines by type or by name, and CSV', async () => {
  const losses = [];
  for (const text of sentences) losses.push(await lossOf(await tokenizer.encode(text)));
  const examples = sentences.map((text) => ({ text }));
  async function* later(): AsyncGenerator<Example> {
    for (const example of examples) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield example;
    }
  }
  const lines = `${examples.map((example) => JSON.stringify(example)).join('\r\n')}\n\n`;
  expectLosses(await lossesOf(examples), losses);
  expectLosses(await lossesOf(later()), losses);
  expectLosses(await lossesOf(new Blob([lines], { type: 'application/jsonl' })), losses);
  expectLosses(await lossesOf(new File([lines], 'examples.jsonl')), losses);
  const table = `text\r\n${sentences.map((text) => `"${text}"`).join('\r\n')}`;
  expectLosses(await lossesOf(new File([table], 'examples.csv')), losses);
});

test('a text file is cut into blocks of max_length', async () => {
  const text = proseText(700);
  const ids = await tokenizer.encode(text);
  const losses = [];
  for (const block of blocksOf(ids, 48)) losses.push(await lossOf(block));
  expect(losses.length).toBeGreaterThan(3);
  expectLosses(await lossesOf(new Blob([text], { type: 'text/plain' })), losses);
});

test('a prompt is not learned, a completion is, with the end of text', async () => {
  const [prompt, completion] = ['The captain said', ' nothing at all.'];
  const before = (await tokenizer.encode(prompt)).length;
  const ids = [...(await tokenizer.encode(prompt + completion)), tokenizer.eos_token_id!];
  const masked = ids.map((id, index) => (index < before ? -100 : id));
  const examples = [{ prompt, completion }];
  expectLosses(await lossesOf(examples), [await lossOf(ids, masked)]);
  expectLosses(await lossesOf(examples, { completion_only_loss: false }), [await lossOf(ids)]);
  expect(await lossOf(ids, masked)).not.toBeCloseTo(await lossOf(ids), 2);
});

test('packing joins examples with the end of text between them', async () => {
  const documents = [];
  for (const text of sentences) documents.push([...(await tokenizer.encode(text)), tokenizer.eos_token_id!]);
  // In a block, the loss of each document's part is computed as if it were alone.
  const numbered = documents.flatMap((ids, document) => ids.map((id) => ({ id, document })));
  const losses = [];
  for (let start = 0; start < numbered.length; start += 24) {
    let [sum, tokens] = [0, 0];
    for (const [document] of documents.entries()) {
      const part = numbered.slice(start, start + 24).filter((token) => token.document === document);
      if (part.length < 2) continue;
      sum += (await lossOf(part.map(({ id }) => id))) * (part.length - 1);
      tokens += part.length - 1;
    }
    // A single last token doesn't make a block.
    if (tokens > 0) losses.push(sum / tokens);
  }
  expect(losses.length).toBeGreaterThan(1);
  const examples = sentences.map((text) => ({ text }));
  expectLosses(await lossesOf(examples, { packing: true, max_length: 24 }), losses);
});

test('evaluation is the mean over all tokens', async () => {
  const text = proseText(700);
  const ids = await tokenizer.encode(text);
  let [sum, tokens] = [0, 0];
  for (const block of blocksOf(ids, 48)) {
    sum += (await lossOf(block)) * (block.length - 1);
    tokens += block.length - 1;
  }
  const blob = new Blob([text], { type: 'text/plain' });
  const trainer = new Trainer({ model, args: { max_length: 48 }, train_dataset: blob, eval_dataset: blob });
  const { eval_loss, perplexity } = await trainer.evaluate();
  expect(eval_loss).toBeCloseTo(sum / tokens, 4);
  expect(perplexity).toBeCloseTo(Math.exp(sum / tokens), 1);
});

test.each([
  ['broken JSON', 'invalid_format', new Blob(['{"text": "a"}\n{"text":'], { type: 'application/json' })],
  ['a line that is no example', 'invalid_argument', new Blob(['{"words": "a"}'], { type: 'application/json' })],
  ['an empty file', 'invalid_argument', new Blob([''])],
] as const)('%s is refused, and the next run works', async (_, code, blob) => {
  await expect(lossesOf(blob)).rejects.toMatchObject({ code });
  expect(await lossesOf([{ text: sentences[0]! }])).toHaveLength(1);
});

test('an error of a data set ends the run', async () => {
  const oops = new Error('disk on fire');
  async function* failing(): AsyncGenerator<Example> {
    yield { text: sentences[0]! };
    throw oops;
  }
  await expect(lossesOf(failing())).rejects.toBe(oops);
});

test('prompts that fill max_length are left out, and counted in a warning', async () => {
  const messages: string[] = [];
  const onWarning = ({ code, message }: { code: string; message: string }): void => {
    if (code === 'left_out') messages.push(message);
  };
  opened.session.addEventListener('warning', onWarning);
  const prompt = proseText(2_000);
  const rows = Array.from({ length: 10 }, (_, index) => ({ prompt: index === 3 ? 'Who?' : prompt, completion: ' Me' }));
  expect(await lossesOf(rows)).toHaveLength(1);
  expect(messages).toEqual([
    '9 of 10 examples are left out, as there is nothing to predict in their first 48 tokens: a prompt fills them, or they are ' +
      'a single token. Is max_length too small?',
  ]);
  expect((await lossesOf(rows, { packing: true })).length).toBeGreaterThan(0);
  expect(messages[1]).toMatch(/^\d+ of \d+ rows are left out, as there is nothing to predict in them: /);
  await lossesOf([{ text: 'Who is it?' }]);
  // An evaluation splits long texts, and leaves none out.
  await new Trainer({ model, args: { max_length: 48 }, train_dataset: rows, eval_dataset: rows }).evaluate();
  expect(messages).toHaveLength(2);
  opened.session.removeEventListener('warning', onWarning);
});

test('a run reports the progress of reading a long data set, before its first step', async () => {
  const blob = new Blob([proseText(3 * 2 ** 20)]);
  const eval_dataset = Array.from({ length: 120 }, () => ({ text: 'Call me Ishmael.' }));
  const args = { max_steps: 1, max_length: 16, eval_strategy: 'epoch' } as const;
  const run = new Trainer({ model, args, train_dataset: blob, eval_dataset }).train();
  const events: TrainEvent[] = [];
  for await (const event of run) events.push(event);
  const [reading, others] = [
    events.flatMap((event) => (event.type === 'reading' ? [event] : [])),
    events.filter(({ type }) => type !== 'reading'),
  ];
  expect(events.slice(0, reading.length)).toEqual(reading);
  expect(others[0]).toMatchObject({ type: 'log' });
  const text = reading.filter(({ dataset }) => dataset === 'train_dataset');
  expect(text.map(({ loaded }) => Math.floor(loaded / 2 ** 20))).toEqual([1, 2, 3].slice(0, text.length));
  expect(text.length).toBeGreaterThanOrEqual(2);
  expect(text.every(({ total, state }) => total === blob.size && state.global_step === 0)).toBe(true);
  expect(reading.slice(text.length)).toMatchObject([{ dataset: 'eval_dataset', loaded: 100, total: 120 }]);
});
