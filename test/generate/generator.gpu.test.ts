import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BASE } from '../../src/adapters/layers/overlay';
import { folderFiles } from '../../src/formats/models/model_files';
import { Generator } from '../../src/generate/generator';
import { chooseVariant } from '../../src/gpu/choice/choice';
import { Executor } from '../../src/gpu/executor';
import { openSource } from '../../src/hub/open_source';
import type { LoadedModel } from '../../src/models/loaded_model';
import { loadModel } from '../../src/worker/models/loading/model_loader';
import { APPLE, GPU, LLVMPIPE, SWIFTSHADER } from '../helpers/gpu/devices';
import { gpuHost } from '../helpers/gpu/gpu_host';
import { tinyFiles, tinyRow } from '../helpers/models/tiny_llama';
import { ofRing } from '../helpers/ring';

const PROMPTS = [1, 5, 63, 64, 65, 13, 90, 2].map((length, row) => tinyRow(length, 40 + row).input_ids);
const config = {
  max_new_tokens: 30,
  do_sample: false,
  temperature: 1,
  top_k: 0,
  top_p: 1,
  repetition_penalty: 1,
  seed: 1,
  stop_strings: [],
  eos_token_id: null,
  adapter_name: undefined,
  adapter_names: undefined,
};

/** On these devices, batches of few and of many rows use different kernels, and their sums differ in the last digits. */
const kernels = [
  ['a GPU', GPU],
  ['an Apple GPU', APPLE],
  ['SwiftShader', SWIFTSHADER],
  ['llvmpipe', LLVMPIPE],
] as const;
describe.each(ofRing(kernels, { test: ([, info]) => info === SWIFTSHADER || info === LLVMPIPE }))(
  'with the kernels of %s',
  (_, info) => {
    const executor = new Executor(gpuHost(), { choose: (step) => chooseVariant(step, info) });
    let loaded: LoadedModel;
    let generator: Generator;
    beforeAll(async () => {
      const source = openSource(tinyFiles(), { signal: new AbortController().signal });
      loaded = await loadModel(folderFiles(source), executor, { dtype: 'auto', onUpload: () => {} });
      generator = new Generator(executor, loaded);
    });
    afterAll(async () => {
      await generator.release();
      executor.free([...loaded.weights.values(), ...loaded.constants.values()]);
      expect(executor.usage().bytes).toBe(0);
    });

    async function tokens(
      prompts: readonly (readonly number[])[],
      endsWith?: (row: number, id: number) => boolean,
    ): Promise<number[][]> {
      const rows = prompts.map((): number[] => []);
      const { signal } = new AbortController();
      const request = { prompts, config, overlay: BASE, signal, ...(endsWith && { endsWith }) };
      for await (const { row, id } of generator.generate(request)) rows[row]?.push(id);
      return rows;
    }

    /** Returns the number of dispatches for one new token. */
    async function dispatches(prompts: readonly (readonly number[])[]): Promise<number> {
      await tokens(prompts);
      const before = executor.usage().dispatches;
      await tokens(prompts);
      return (executor.usage().dispatches - before) / config.max_new_tokens;
    }

    test('eight texts at once equal each of them alone', async () => {
      const alone: number[][] = [];
      for (const prompt of PROMPTS) alone.push(...(await tokens([prompt])));
      expect(await tokens(PROMPTS)).toEqual(alone);
      expect(await tokens(PROMPTS.slice(0, 3))).toEqual(alone.slice(0, 3));
    });

    test('a row ends when its callback says so, gets each token once, and the device ends with the last row', async () => {
      const prompts = PROMPTS.slice(0, 3);
      const free = await tokens(prompts);
      const lengths = [4, 7, 2];
      const told = prompts.map((): number[] => []);
      const before = executor.usage().dispatches;
      const rows = await tokens(prompts, (row, id) => told[row]!.push(id) === lengths[row]);
      const taken = executor.usage().dispatches - before;
      expect(rows).toEqual(free.map((row, index) => row.slice(0, lengths[index])));
      expect(told).toEqual(rows);
      // The device runs seven steps, and two more that were already queued when the last row ended.
      expect(taken).toBeLessThan(11 * (await dispatches(prompts)));
    });

    test('a request that is aborted while it waits ends at once, and the next one still waits for its turn', async () => {
      const [prompt = []] = PROMPTS;
      const told: string[] = [];
      const begin = (name: string, signal: AbortSignal): Promise<unknown> => {
        const texts = generator.generate({ prompts: [prompt], config, overlay: BASE, signal });
        const read = async (): Promise<void> => {
          for await (const _ of texts) if (told.at(-1) !== name) told.push(name);
        };
        return read().catch((error: unknown) => told.push(`${name}: ${String(error)}`));
      };
      const [none, aborted] = [new AbortController(), new AbortController()];
      const all = [begin('first', none.signal), begin('second', aborted.signal), begin('third', none.signal)];
      aborted.abort('enough');
      await Promise.all(all);
      expect(told).toEqual(['second: enough', 'first', 'third']);
    });

    test('released memory is allocated anew by the next request, and a request in progress is finished first', async () => {
      await generator.release();
      const without = executor.usage().bytes;
      const texts = tokens(PROMPTS);
      await generator.release();
      expect(executor.usage().bytes).toBe(without);
      const next = tokens(PROMPTS);
      expect(await next).toEqual(await texts);
      expect(executor.usage().bytes).toBeGreaterThan(without);
    });

    test('a token for all costs as many dispatches as one for a single text', async () => {
      expect(await dispatches(PROMPTS)).toBe(await dispatches(PROMPTS.slice(0, 1)));
    });
  },
);
