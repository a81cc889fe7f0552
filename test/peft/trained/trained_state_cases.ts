import type { VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { smallConfigs } from '../../helpers/models/seeded_model';

const { llama, gpt2, opt } = smallConfigs;

/** A model, and an adapter over it that trains biases or whole modules. */
interface TrainedStateCase {
  readonly what: string;
  readonly model: Readonly<Record<string, unknown>> & { readonly model_type: string };
  readonly config: VeraConfigInit;
  /** Matches the names of the trained tensors. */
  readonly trains: RegExp;
  /** Matches the trained tensors that stay in effect while adapters are disabled. */
  readonly stay: RegExp;
}

const never = /(?!)/;
const q = { r: 8, target_modules: ['q_proj'] };

export const trainedStateCases: readonly TrainedStateCase[] = [
  {
    what: "llama, bias 'all' and the head, tied so far",
    model: llama,
    config: { ...q, bias: 'all', modules_to_save: ['lm_head'] },
    trains: /bias$|^lm_head/,
    stay: /bias$/,
  },
  {
    what: 'llama, embedding, norms and MLPs',
    model: llama,
    config: { ...q, modules_to_save: ['embed_tokens', 'norm', 'mlp'] },
    trains: /embed_tokens|norm|mlp/,
    stay: never,
  },
  {
    what: "llama, bias 'vera_only', a head of its own",
    model: { ...llama, tie_word_embeddings: false },
    config: { ...q, bias: 'vera_only', modules_to_save: ['lm_head'] },
    trains: /q_proj\.bias|lm_head/,
    stay: /bias$/,
  },
  {
    what: 'gpt2, MLPs in Conv1D layout, positions and the last norm',
    model: gpt2,
    config: { r: 8, target_modules: ['c_attn'], bias: 'all', modules_to_save: ['mlp', 'wpe', 'ln_f'] },
    trains: /bias$|mlp|wpe|ln_f/,
    // The biases of mlp and ln_f aren't matched, because they belong to modules that are trained in full.
    stay: /(attn|ln_1|ln_2).*bias$/,
  },
  {
    what: 'gpt2, one block whole',
    model: gpt2,
    config: { r: 8, target_modules: ['c_attn', 'c_proj'], layers_to_transform: [1], modules_to_save: ['h.0'] },
    trains: /h\.0\./,
    stay: never,
  },
  {
    what: 'opt, biases, positions, norms and projections',
    model: opt,
    config: { ...q, bias: 'vera_only', modules_to_save: ['embed_positions', 'layer_norm', 'project_in', 'fc1'] },
    trains: /q_proj\.bias|embed_positions|layer_norm|project_in|fc1/,
    stay: /q_proj\.bias$/,
  },
];
