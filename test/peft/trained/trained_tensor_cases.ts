import type { VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { smallConfigs } from '../../helpers/models/seeded_model';

const { llama, gpt2, opt } = smallConfigs;
const untied = { tie_word_embeddings: false };

/** A model, and adapters over it that train more than VeRA's vectors. */
export interface Case {
  readonly what: string;
  readonly model: Readonly<Record<string, unknown>> & { readonly model_type: string };
  readonly configs: readonly VeraConfigInit[];
  /** Matches the names of the trained tensors other than vectors. */
  readonly trains: RegExp;
  readonly count: number;
}

const q = { r: 8, target_modules: ['q_proj'] };
const c = { r: 8, target_modules: ['c_attn'] };

export const alone: readonly Case[] = [
  {
    what: "llama, bias 'all'",
    model: llama,
    configs: [{ r: 8, target_modules: ['q_proj', 'down_proj'], bias: 'all' }],
    trains: /_proj\.bias$/,
    count: 14,
  },
  {
    what: "llama, bias 'vera_only'",
    model: llama,
    configs: [{ ...q, bias: 'vera_only' }],
    trains: /q_proj\.bias$/,
    count: 2,
  },
  {
    what: 'llama, all norms, as their names end with norm',
    model: llama,
    configs: [{ ...q, modules_to_save: ['norm'] }],
    trains: /norm\.weight$/,
    count: 5,
  },
  {
    what: 'llama, a tied head',
    model: llama,
    configs: [{ ...q, modules_to_save: ['lm_head'] }],
    trains: /^lm_head\.weight$/,
    count: 1,
  },
  {
    what: 'llama, a head of its own',
    model: { ...llama, ...untied },
    configs: [{ ...q, modules_to_save: ['lm_head'] }],
    trains: /^lm_head\.weight$/,
    count: 1,
  },
  {
    what: 'llama, the embedding, while a tied head stays as it was',
    model: llama,
    configs: [{ ...q, modules_to_save: ['embed_tokens'] }],
    trains: /embed_tokens\.weight$/,
    count: 1,
  },
  {
    what: 'llama, embedding and tied head apart, the vectors of another block',
    model: llama,
    configs: [{ ...q, modules_to_save: ['embed_tokens', 'lm_head'] }],
    trains: /embed_tokens\.weight$|^lm_head/,
    count: 2,
  },
  {
    what: 'llama, MLPs whole, with biases of all the rest',
    model: llama,
    configs: [{ ...q, modules_to_save: ['mlp'], bias: 'all' }],
    trains: /\.mlp\.|\.bias$/,
    count: 20,
  },
  {
    what: 'llama, one block whole, vectors in the other alone',
    model: llama,
    configs: [{ r: 8, target_modules: ['q_proj', 'o_proj'], layers_to_transform: [0], modules_to_save: ['layers.1'] }],
    trains: /layers\.1\./,
    count: 16,
  },
  {
    what: 'gpt2, all biases and the last norm',
    model: gpt2,
    configs: [{ r: 8, target_modules: ['c_attn', 'c_proj'], bias: 'all', modules_to_save: ['ln_f'] }],
    trains: /bias$|ln_f/,
    count: 14,
  },
  {
    what: "gpt2, bias 'vera_only'",
    model: gpt2,
    configs: [{ r: 8, target_modules: ['c_attn', 'mlp.c_proj'], bias: 'vera_only' }],
    trains: /(c_attn|mlp\.c_proj)\.bias$/,
    count: 4,
  },
  {
    what: 'gpt2, MLPs whole',
    model: gpt2,
    configs: [{ ...c, modules_to_save: ['mlp'] }],
    trains: /\.mlp\./,
    count: 8,
  },
  {
    what: 'gpt2, positions and a tied head',
    model: gpt2,
    configs: [{ ...c, modules_to_save: ['wpe', 'lm_head'] }],
    trains: /wpe|lm_head/,
    count: 2,
  },
  {
    what: 'gpt2, both embeddings and a head of its own',
    model: { ...gpt2, ...untied },
    configs: [{ ...c, modules_to_save: ['wte', 'wpe', 'lm_head'] }],
    trains: /wte|wpe|lm_head/,
    count: 3,
  },
  {
    what: 'gpt2, one block whole',
    model: gpt2,
    configs: [{ ...c, layers_to_transform: [1], modules_to_save: ['h.0'] }],
    trains: /h\.0\./,
    count: 12,
  },
  {
    what: "opt, bias 'all', positions and what projects in and out",
    model: opt,
    configs: [{ ...q, bias: 'all', modules_to_save: ['embed_positions', 'project_in', 'project_out'] }],
    trains: /bias$|embed_positions|project_/,
    count: 20,
  },
  {
    what: 'opt, both norms of each block, and the embedding',
    model: opt,
    configs: [{ r: 8, target_modules: ['fc1', 'v_proj'], modules_to_save: ['layer_norm', 'embed_tokens'] }],
    trains: /layer_norm|embed_tokens/,
    count: 11,
  },
  {
    what: 'opt, norms behind the sums, a tied head and one MLP layer whole',
    model: { ...opt, do_layer_norm_before: false },
    configs: [{ ...q, modules_to_save: ['lm_head', 'fc2'], bias: 'vera_only' }],
    trains: /lm_head|fc2|q_proj\.bias/,
    count: 7,
  },
];

export const together: readonly Case[] = [
  {
    what: 'llama, two adapters on the same and on other modules',
    model: llama,
    configs: [
      { r: 8, target_modules: ['q_proj', 'down_proj'], modules_to_save: ['norm'] },
      { r: 4, target_modules: ['q_proj', 'v_proj', 'lm_head'], projection_prng_key: 7, bias: 'vera_only' },
    ],
    trains: /norm|(q_proj|v_proj)\.bias/,
    count: 9,
  },
  {
    what: 'gpt2, three adapters of one key',
    model: gpt2,
    configs: [
      { r: 8, target_modules: ['c_attn'], modules_to_save: ['wte'] },
      { r: 8, target_modules: ['c_attn', 'c_proj'], bias: 'all' },
      { r: 8, target_modules: ['c_fc'], modules_to_save: ['wpe', 'lm_head'] },
    ],
    trains: /wte|bias|wpe|lm_head/,
    count: 16,
  },
];
