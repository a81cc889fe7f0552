import { ofRing } from '../ring';

/** A decoder family for tests: a golden base model with two or three blocks, and the modules that VeRA wraps in it. */
export interface DecoderFamily {
  /** The name of the golden base's folder. */
  readonly name: string;
  /** The adapter's `target_modules`. Set only if PEFT has no default for the model type. */
  readonly target_modules?: readonly string[];
  /** The full names of the wrapped layers, as in torch, in the network's order. */
  readonly targets: readonly string[];
  /** The name of a module that tests train through `modules_to_save`. */
  readonly whole: string;
}

const inBlocks = (blocks: string, names: readonly string[]): string[] =>
  [0, 1].flatMap((layer) => names.map((name) => `${blocks}.${layer}.${name}`));

const gated = (name: string): DecoderFamily => ({
  name,
  targets: inBlocks('model.layers', ['self_attn.q_proj', 'self_attn.v_proj']),
  whole: 'post_attention_layernorm',
});

const falcon = (name: string, whole: string): DecoderFamily => ({
  name,
  targets: inBlocks('transformer.h', ['self_attention.query_key_value']),
  whole,
});

/** One base for each decoder family, and for Falcon one for each layout. */
export const DECODERS: readonly DecoderFamily[] = [
  gated('llama'),
  gated('qwen2'),
  gated('qwen3'),
  gated('mistral'),
  {
    ...gated('phi3'),
    target_modules: ['qkv_proj', 'down_proj'],
    targets: inBlocks('model.layers', ['self_attn.qkv_proj', 'mlp.down_proj']),
  },
  {
    ...gated('olmo2'),
    target_modules: ['q_proj', 'v_proj'],
  },
  {
    name: 'lfm2',
    target_modules: ['in_proj', 'w2'],
    targets: ['0.conv.in_proj', '0.feed_forward.w2', '1.feed_forward.w2', '2.conv.in_proj', '2.feed_forward.w2'].map(
      (name) => `model.layers.${name}`,
    ),
    whole: 'conv.conv',
  },
  gated('gemma'),
  gated('gemma2'),
  gated('gemma3'),
  falcon('falcon', 'input_layernorm'),
  falcon('falcon-new', 'ln_mlp'),
  falcon('falcon-alibi', 'post_attention_layernorm'),
  {
    name: 'gpt-neox',
    targets: inBlocks('gpt_neox.layers', ['attention.query_key_value']),
    whole: 'post_attention_layernorm',
  },
  {
    name: 'gpt-neo',
    targets: inBlocks('transformer.h', ['attn.attention.v_proj', 'attn.attention.q_proj']),
    whole: 'ln_2',
  },
  { name: 'gpt2', targets: inBlocks('transformer.h', ['attn.c_attn']), whole: 'ln_2' },
  {
    name: 'opt',
    targets: inBlocks('model.decoder.layers', ['self_attn.v_proj', 'self_attn.q_proj']),
    whole: 'final_layer_norm',
  },
];

/** Selects the families that differ most: rotary or learned positions, Conv1D layers, several norms and windows. */
const isTypical = ({ name }: DecoderFamily): boolean => ['llama', 'gpt2', 'opt', 'gemma3'].includes(name);

/** Returns the families to test: in `npm test` the typical ones, because test/train/golden.gpu.test.ts checks the numbers of all. */
export const decodersOfRing = (): readonly DecoderFamily[] => ofRing(DECODERS, { test: isTypical });
