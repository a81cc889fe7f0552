import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { headerOf, MODELS } from '../../scripts/estimates/models.mjs';
import { estimatesTable } from '../../scripts/estimates/table.mjs';
import { estimate, Session } from '../../src/index';

test("the guide's table has the planner's figures", async () => {
  // `npm run estimates` writes the table. Only models with few layers are checked, because each estimate takes a while.
  const models = MODELS.filter(({ config }) => Number(config.num_hidden_layers) < 18);
  const guide = readFileSync('docs/guide/memory.md', 'utf8');
  const table = await estimatesTable({ Session, estimate }, models);
  const [head, rule, ...rows] = table.split('\n');
  expect(guide).toContain(`\n\n${head}\n${rule}\n| facebook/`);
  expect(rows.length).toBe(4);
  expect(guide).toContain(`\n${rows.slice(0, 2).join('\n')}\n`);
  expect(guide).toContain(`\n${rows.slice(2).join('\n')}\n`);
  for (const { name } of MODELS) expect(guide).toContain(`\n| ${name} | `);
}, 120_000);

/** The numbers of parameters that the hub shows. */
const PARAMETERS = {
  'facebook/opt-125m': 125_239_296,
  'HuggingFaceTB/SmolLM2-135M': 134_515_008,
  'google/gemma-3-270m': 268_098_176,
  'HuggingFaceTB/SmolLM2-360M': 361_821_120,
  'Qwen/Qwen2.5-0.5B': 494_032_768,
  'meta-llama/Llama-3.2-1B': 1_235_814_400,
};

test.each(MODELS.map((model) => [model.name, model] as const))(
  '%s has the published number of parameters',
  (name, model) => {
    const { header, size } = headerOf(model);
    expect((size - header.length) / 2).toBe(PARAMETERS[name as keyof typeof PARAMETERS]);
  },
);
