import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Dataset, Example } from '../../../src/core/types/training';
import { Trainer } from '../../../src/page/training/trainer';
import { output, rows, trainRequest, trains, wrapped } from './scripted_training';

afterEach(() => vi.unstubAllGlobals());

describe('the data of a run', () => {
  async function receivedFrom(dataset: Dataset, count = 2): Promise<Example[]> {
    const received: Example[] = [];
    const { model, session } = await wrapped(trains(received, count));
    await new Trainer({ model, train_dataset: dataset }).train();
    await session.close();
    return received;
  }

  test("may have any form, and fields that aren't sent", async () => {
    const call = (): void => {};
    const examples = [
      { text: 'a', call },
      { prompt: 'p', completion: 'c', call },
      { input_ids: Int32Array.of(1, 2), labels: [-100, 2], attention_mask: [1, 1], call },
    ] as unknown as Example[];
    expect(await receivedFrom(examples)).toEqual([
      { text: 'a' },
      { prompt: 'p', completion: 'c' },
      { input_ids: [1, 2], labels: [-100, 2], attention_mask: [1, 1] },
    ]);
  });

  test('may be a Set, a generator or an asynchronous one', async () => {
    expect(await receivedFrom(new Set(rows))).toEqual(rows);
    function* generator(): Generator<Example> {
      yield* rows;
    }
    expect(await receivedFrom(generator(), 3)).toEqual(rows);
    async function* asynchronous(): AsyncGenerator<Example> {
      for (const row of rows) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield row;
      }
    }
    expect(await receivedFrom(asynchronous(), 1)).toEqual(rows);
    expect(await receivedFrom([])).toEqual([]);
  });

  test('is read only as far as the worker asks, and closed at the end', async () => {
    let taken = 0;
    let released = false;
    function* endless(): Generator<Example> {
      try {
        for (;;) yield { text: String(taken++) };
      } finally {
        released = true;
      }
    }
    const { model, session } = await wrapped((fake) => {
      let onPush = (): void => {};
      return {
        async train(call) {
          fake().emit({ type: 'need_data', call, dataset: 'train_dataset', count: 3 });
          await new Promise<void>((resolve) => {
            onPush = resolve;
          });
          return output;
        },
        pushExamples: async () => onPush(),
      };
    });
    await new Trainer({ model, train_dataset: endless() }).train();
    expect(taken).toBe(3);
    expect(released).toBe(true);
    await session.close();
  });

  test.each<[string, string, string, 'jsonl' | 'csv' | 'text']>([
    ['text', '', 'a.txt', 'text'],
    ['no name', 'text/plain', '', 'text'],
    ['the name', '', 'a.jsonl', 'jsonl'],
    ['the type', 'application/x-ndjson', '', 'jsonl'],
    ['the other type', 'application/jsonl', '', 'jsonl'],
    ['the name of a table', '', 'A.CSV', 'csv'],
    ['the type of a table', 'text/csv; charset=utf-8', '', 'csv'],
    ['a table, as Windows calls it', 'application/vnd.ms-excel', 'a.csv', 'csv'],
  ])('may be a Blob: %s', async (_case, type, name, format) => {
    const { model, session, fake } = await wrapped(() => ({ train: async () => output }));
    const blob = Object.assign(new Blob(['{"text":"a"}'], { type }), name === '' ? {} : { name });
    await new Trainer({ model, train_dataset: blob }).train();
    const { data } = trainRequest(fake);
    expect(data).toMatchObject({ kind: 'blob', format });
    expect(await (data as { blob: Blob }).blob.text()).toBe('{"text":"a"}');
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['text', 'a text', /^Trainer: train_dataset: expected an iterable of examples, or a Blob of text, got 'a text'/],
    ['nothing', undefined, /^Trainer: train_dataset: expected an iterable of examples.*, got undefined/],
    ['an object', { text: 'a' }, /^Trainer: train_dataset: expected an iterable of examples, or a Blob/],
    ['strings', ['a', 'b'], /^train_dataset\[0\]: expected \{ text \}.*got 'a'/],
    ['a row that is none', [{ text: 'a' }, null], /^train_dataset\[1\]: expected/],
    ['a row of another form', [{ content: 'a' }], /got an object with content/],
    ['half a row', [{ prompt: 'a' }], /got an object with prompt/],
    ['ids that are none', [{ input_ids: [1, 'a'] }], /input_ids: expected an array of integers, got 'a'/],
  ])('is refused when it is %s', async (_case, dataset, message) => {
    const { model, session } = await wrapped((fake) => ({
      train(call) {
        fake().emit({ type: 'need_data', call, dataset: 'train_dataset', count: 2 });
        return fake().untilCancelled(call);
      },
      pushExamples: async () => {},
    }));
    const train = async (): Promise<unknown> => new Trainer({ model, train_dataset: dataset as Dataset }).train();
    await expect(train()).rejects.toMatchObject({ code: 'invalid_argument', message });
    await session.close();
  });

  test('ends the run with what it throws', async () => {
    const slip = new Error('in the data set');
    function* failing(): Generator<Example> {
      yield { text: 'a' };
      throw slip;
    }
    const { model, session, fake } = await wrapped((current) => ({
      train(call) {
        current().emit({ type: 'need_data', call, dataset: 'train_dataset', count: 2 });
        return current().untilCancelled(call);
      },
      pushExamples: async () => {},
    }));
    await expect(new Trainer({ model, train_dataset: failing() }).train()).rejects.toBe(slip);
    expect(fake.argsOf('cancel')).toHaveLength(1);
    await session.close();
  });
});
