import { afterEach, expect, test, vi } from 'vitest';
import type { PreferenceLoss } from '../../../../src/core/preferences/preference';
import type { SentExample } from '../../../../src/core/types/training';
import { resolveTrainingArguments } from '../../../../src/page/training/training_arguments';
import { completionTokens, type PairBatch } from '../../../../src/tasks/causal_lm/preferences/pair_batch';
import type { PairRow } from '../../../../src/tasks/causal_lm/preferences/pair_row';
import { RowSlabs } from '../../../../src/tasks/causal_lm/row_slabs';
import type { CollectOptions } from '../../../../src/tasks/task/task_data';
import { taskOfRun } from '../../../../src/tasks/task_of_run';
import { createArchitecture, createTask } from '../../../../src/tasks/task_registry';
import { goldenDpo, goldenKto, goldenTexts } from '../../../helpers/golden/golden_preferences';
import { tinyConfig } from '../../../helpers/models/tiny_llama';

afterEach(() => void vi.restoreAllMocks());

const DPO: PreferenceLoss = { kind: 'dpo', beta: 0.1, loss_type: 'sigmoid', label_smoothing: 0 };
const KTO: PreferenceLoss = { kind: 'kto', beta: 0.1, desirable_weight: 3, undesirable_weight: 0.5 };
const { signal } = new AbortController();

function taskFor(preference: PreferenceLoss, max_length = goldenDpo.max_length, batch = 3) {
  const model = createArchitecture({ ...tinyConfig, vocab_size: 96 });
  const args = { ...resolveTrainingArguments({ max_length, per_device_train_batch_size: batch }), preference };
  const tokenizer = goldenTexts();
  const task = taskOfRun({ task: createTask(model, { tokenizer }), loaded: { model }, tokenizer }, args);
  const collect = async (examples: readonly SentExample[], until = signal) => {
    const { rows, warnings } = await task.collect(
      { kind: 'examples', examples },
      { args, purpose: 'training', signal: until },
    );
    return { rows: rows as PairRow[], warnings };
  };
  const batchOf = (rows: readonly PairRow[]) => task.batch(rows, args) as PairBatch;
  return { task, collect, batchOf };
}

/** Returns the tokens of a row's two sequences, and the labelled tokens: those of the completions. */
function sequencesOf({ input_ids, attention_mask, labels }: PairRow) {
  const length = input_ids.length / 2;
  return [0, length].map((start) => {
    const part = <T extends Uint32Array | Int32Array | Uint8Array>(all: T) => [...all.subarray(start, start + length)];
    const mask = part(attention_mask);
    const ids = part(input_ids).filter((_, t) => mask[t] === 1);
    return { ids, completion: part(labels).filter((label) => label !== -100) };
  });
}

test("pairs have TRL's tokens: edges that merge, EOS, and ends that are cut", async () => {
  const { rows, warnings } = await taskFor(DPO).collect(goldenDpo.examples);
  const cut = (ids: readonly number[]) => ids.slice(0, goldenDpo.max_length);
  expect(rows.map(sequencesOf)).toEqual(
    goldenDpo.tokens.map(({ prompt = [], chosen = [], rejected = [] }) =>
      [chosen, rejected].map((own) => {
        const ids = cut([...prompt, ...own]);
        return { ids, completion: ids.slice(prompt.length) };
      }),
    ),
  );
  expect(warnings).toMatchObject([{ code: 'left_out' }]);
  expect(warnings[0]!.message).toContain('1 of 9 examples are left out');
});

test("rated texts have TRL's tokens, and each prompt the completion before it in its batch", async () => {
  const { rows } = await taskFor(KTO).collect(goldenKto.examples);
  const cut = (ids: readonly number[]) => ids.slice(0, goldenKto.max_length);
  expect(rows.map(sequencesOf)).toEqual(
    goldenKto.tokens.map(({ prompt_ids = [], completion_ids = [], KL_completion_ids = [] }) =>
      [completion_ids, KL_completion_ids].map((own) => {
        const ids = cut([...prompt_ids, ...own]);
        return { ids, completion: ids.slice(prompt_ids.length) };
      }),
    ),
  );
  expect(rows.map(({ isGood }) => isGood)).toEqual(goldenKto.examples.slice(0, rows.length).map(({ label }) => label));
});

test('rated texts become rows one at a time, so that a run of many can be cancelled and the worker keeps answering', async () => {
  const cancel = new AbortController();
  const store = vi.spyOn(RowSlabs.prototype, 'store').mockImplementationOnce((row) => {
    cancel.abort(new Error('cancelled'));
    return row;
  });
  const collected = taskFor(KTO).collect(goldenKto.examples, cancel.signal);
  await expect(collected).rejects.toThrow('cancelled');
  expect(store).toHaveBeenCalledTimes(1);
});

test('a batch has all first sequences, then all second ones, each with the places of its labels', async () => {
  const { collect, batchOf } = taskFor(DPO);
  const { rows } = await collect(goldenDpo.examples.slice(0, 2));
  const { B, T, input_ids, attention_mask, rows: places, targets, sequences, terms, labelled } = batchOf(rows);
  expect({ B, T, terms }).toEqual({ B: 4, T: goldenDpo.max_length, terms: 2 });
  const all = rows.map(sequencesOf);
  const inOrder = [all[0]![0]!, all[1]![0]!, all[0]![1]!, all[1]![1]!];
  for (const [b, { ids, completion }] of inOrder.entries()) {
    expect([...input_ids.subarray(b * T, b * T + ids.length)]).toEqual(ids);
    expect([...attention_mask.subarray(b * T, (b + 1) * T)].filter(Boolean)).toHaveLength(ids.length);
    const own = [...targets.subarray(sequences[2 * b], sequences[2 * b + 1])];
    expect(own).toEqual(completion);
    expect(places[sequences[2 * b]!]).toBe(b * T + ids.length - completion.length - 1);
  }
  expect(sequences.at(-1)).toBe(labelled);
});

test('what the base model gives each sequence is kept with its row', async () => {
  const { task, collect } = taskFor(DPO);
  const { rows } = await collect(goldenDpo.examples.slice(0, 2));
  task.reference?.keep(rows, Float32Array.of(-1, -2, -3, -4));
  expect(rows.map(({ reference }) => [...reference])).toEqual([
    [-1, -3],
    [-2, -4],
  ]);
});

test('a weight, and whether a text is good, make another run', async () => {
  const { task, collect } = taskFor(KTO);
  const [example] = goldenKto.examples;
  const { rows } = await collect([example!, { ...example!, weight: 2 }, { ...example!, label: !example!.label }]);
  const columns = rows.map((row) => JSON.stringify(task.columns(row).map((column) => [...column])));
  expect(new Set(columns).size).toBe(3);
});

test.each([
  [DPO, goldenDpo.examples],
  [KTO, goldenKto.examples],
])('evaluations ignore the weights of examples, unless they are asked for: %j', async (preference, all) => {
  const examples = all.slice(0, 2).map((example) => ({ ...example, weight: 3 }));
  const { task } = taskFor(preference);
  const args = { ...resolveTrainingArguments(), preference };
  const weightsOf = async (options: Pick<CollectOptions, 'purpose' | 'isWeighted'>) => {
    const { rows } = await task.collect({ kind: 'examples', examples }, { args, signal, ...options });
    return (rows as PairRow[]).map(({ weight }) => weight);
  };
  expect(await weightsOf({ purpose: 'training' })).toEqual([3, 3]);
  expect(await weightsOf({ purpose: 'evaluation' })).toEqual([1, 1]);
  expect(await weightsOf({ purpose: 'evaluation', isWeighted: true })).toEqual([3, 3]);
});

test.each([
  [DPO, { text: 'a' }, 'expected { prompt, chosen, rejected }'],
  [DPO, { prompt: 'a', completion: 'b', label: true }, 'expected { prompt, chosen, rejected }'],
  [KTO, { prompt: 'a', chosen: 'b', rejected: 'c' }, 'expected { prompt, completion, label }'],
  [KTO, { prompt: 'a', completion: 'b' }, 'expected { prompt, completion, label }'],
  [KTO, { prompt: 'a', completion: 'b', label: 'yes' }, 'expected { prompt, completion, label }'],
  [DPO, { prompt: 'a', chosen: 'b', rejected: [{ role: 'assistant', content: 'c' }] }, 'rejected: expected a text'],
  [DPO, { prompt: 'a', chosen: 'b', rejected: 'c', weight: -1 }, 'weight: expected a finite number from 0, got -1'],
  [KTO, { prompt: 'a', completion: 'b', label: true, weight: 1e39 }, 'weight: expected a number from 0 to 3.4e38'],
  [DPO, { prompt: 'a', chosen: 3, rejected: 'c' }, 'chosen: expected a string, or an array of { role, content }'],
])('refused: %j %j', async (preference, example, message) => {
  await expect(taskFor(preference).collect([example as SentExample])).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining(message),
  });
});

test('a text of the end alone, after no prompt, has nothing to predict', async () => {
  const { rows, warnings } = await taskFor(KTO).collect([
    { prompt: '', completion: '', label: true },
    { prompt: '', completion: 'a', label: false },
    { prompt: 'a', completion: '', label: true },
  ]);
  expect(rows).toHaveLength(2);
  expect(warnings[0]!.message).toContain('1 of 3 examples are left out');
});

test('after no prompt, the first token of a completion is not predicted, and not counted', async () => {
  const { rows } = await taskFor(DPO).collect([
    { prompt: '', chosen: 'a b', rejected: 'a' },
    { prompt: 'a', chosen: 'a b', rejected: 'a' },
  ]);
  const labels = rows.map((row) => sequencesOf(row).map(({ completion }) => completion.length));
  expect(completionTokens(rows[0]!)).toEqual(labels[0]!.map((count) => count - 1));
  expect(completionTokens(rows[1]!)).toEqual(labels[1]);
});

test('a rating has the same fingerprint in a batch of any size, and another with any change', async () => {
  const [first, ...others] = goldenKto.examples;
  const printsOf = async (examples: readonly SentExample[], batch: number) => {
    const { task, collect } = taskFor(KTO, goldenKto.max_length, batch);
    const { rows } = await collect(examples);
    return rows.map((row) => JSON.stringify(task.fingerprint?.(row)?.map((column) => [...column])));
  };
  const prints = await printsOf(goldenKto.examples, 2);
  expect(await printsOf(goldenKto.examples, 4)).toEqual(prints);
  const rating = first as Extract<SentExample, { readonly completion: string }>;
  const changes = [
    { prompt: 'a b' },
    { completion: 'b' },
    { label: !('label' in rating && rating.label) },
    { weight: 2 },
  ];
  for (const change of changes) {
    const [changed, ...rest] = await printsOf([{ ...rating, ...change } as SentExample, ...others], 2);
    expect(changed).not.toBe(prints[0]);
    expect(rest).toEqual(prints.slice(1));
  }
});

test('nothing to learn from: no example, and prompts that fill max_length', async () => {
  await expect(taskFor(DPO).collect([])).rejects.toThrow('Expected a data set with at least one example, got none');
  await expect(taskFor(DPO, 2).collect(goldenDpo.examples)).rejects.toThrow(
    'Expected examples with completions, got 9 without a token to learn within 2 tokens',
  );
});

test.each([
  [DPO, /^An example is \{ prompt, chosen, rejected \}.* JSON Lines \(\.jsonl\), or CSV/],
  [KTO, /^An example is \{ prompt, completion, label \}, with the label true or false\. /],
])('a file of plain text gets the form of examples: %j', async (preference, hint) => {
  const args = { ...resolveTrainingArguments({}), preference };
  const source = { kind: 'blob', blob: new Blob(['a b']), format: 'text' } as const;
  const collected = taskFor(preference).task.collect(source, { args, purpose: 'training', signal });
  const message = 'Expected a data set of examples, got a file of plain text';
  await expect(collected).rejects.toMatchObject({ message, hint: expect.stringMatching(hint) });
});

test('classifiers have no preferences, and a language model learns pairs by DPOTrainer alone', async () => {
  const bert = createArchitecture(
    {
      model_type: 'bert',
      vocab_size: 96,
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      intermediate_size: 8,
      max_position_embeddings: 16,
      type_vocab_size: 2,
    },
    'sequence_classification',
  );
  const args = { preference: DPO };
  expect(() => taskOfRun({ task: createTask(bert), loaded: { model: bert } }, args)).toThrow(
    'Preferences: expected a model from AutoModelForCausalLM',
  );
  const model = createTask(createArchitecture(tinyConfig), { tokenizer: goldenTexts() });
  const plain = resolveTrainingArguments();
  const read = model.collect(
    { kind: 'examples', examples: goldenDpo.examples },
    { args: plain, purpose: 'training', signal },
  );
  await expect(read).rejects.toMatchObject({ hint: 'new DPOTrainer({ … }) learns from preferences.' });
});

test('ratings with weights have losses that differ between batches', async () => {
  const equal = { ...KTO, desirable_weight: 1, undesirable_weight: 1 };
  for (const [preference, expected] of [
    [KTO, true],
    [equal, false],
  ] as const) {
    const { task, collect } = taskFor(preference);
    const { rows } = await collect(goldenKto.examples);
    expect(rows.map((row) => task.isUneven?.(row))).toEqual(rows.map(() => expected));
  }
});
