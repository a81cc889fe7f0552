import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, test, vi } from 'vitest';
import { dataFolder } from '../../scripts/results/data/fetch.mjs';
import { AutoModelForCausalLM, get_peft_model, VeraConfig } from '../../src/index';
import { openFolder } from '../../src/node/folder';
import { openTestSession } from '../helpers/session/session';
import { Peft } from './lib/peft';
import { expectSameLosses, expectSamePass } from './lib/same';
import { trainHere } from './lib/training';

// A step takes seconds on llvmpipe.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const folder = join(dataFolder(), 'SmolLM2-135M-Instruct');
const isThere = existsSync(join(folder, FILE));
if (!isThere) console.warn(`${FILE} isn't there, so its tests are skipped: npm run results:data brings it`);

describe.skipIf(inject('python') === undefined || !isThere)(
  'SmolLM2-135M-Instruct from its GGUF file, packed as it is',
  async () => {
    if (!isThere) return;
    const opened = await openTestSession();
    const source = await openFolder(folder);
    const base = await AutoModelForCausalLM.from_pretrained(source, { session: opened.session, gguf_file: FILE });
    const peft = new Peft();
    afterAll(async () => {
      peft.close();
      await opened.session.close();
    });
    const inPeft = join(folder, FILE);
    const text = 'Call me Ishmael. Some years ago, never mind how long precisely, having little money in my purse';
    const ids = (await base.tokenizer?.encode(text)) ?? [];
    const batch = { input_ids: [ids], attention_mask: [ids.map(() => 1)], labels: [ids] };

    test('computes and generates like transformers with the unpacked numbers', async () => {
      expect(ids.length).toBeGreaterThan(15);
      await expectSamePass(base, batch, peft, inPeft);
    });

    test('learns as PEFT does over ten steps', async () => {
      const config = {
        r: 64,
        target_modules: ['q_proj', 'v_proj'],
        save_projection: true,
        task_type: 'CAUSAL_LM' as const,
      };
      const args = { learning_rate: 2e-2, max_steps: 10, save_strategy: 'no' as const };
      const { losses } = await peft.train({ base: inPeft, config, batches: [batch], learning_rate: 2e-2, steps: 10 });
      const ours = await trainHere(await get_peft_model(base, new VeraConfig(config)), [batch], args);
      expect(ours).toHaveLength(10);
      expect(losses[9]).toBeLessThan(0.9 * losses[0]!);
      expectSameLosses(ours, losses);
    });
  },
);
