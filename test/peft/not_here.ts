/** A test of VeRA in PEFT that has no counterpart here. */
export interface NotHere {
  readonly line: string;
  readonly why: string;
}

/** PEFT's tests of VeRA for features that webvera lacks. All other tests have counterparts in this folder. */
export const NOT_HERE: readonly NotHere[] = [
  {
    line: 'fp32/fp16/bf16 base: output dtype = input dtype',
    why: 'Activations, adapters and logits are float32 for weights of any dtype.',
  },
  {
    line: 'fp16/bf16 forward with and without autocast; adapter dtype fp32 under autocast, base dtype without',
    why: 'There is no autocast: adapters are always float32.',
  },
  { line: "adding an adapter does not move another adapter's device", why: 'A session has one device.' },
  { line: 'Embedding model with Conv1D', why: "No supported model has this form; GPT-2's cases cover Conv1D." },
  { line: 'push_to_hub', why: 'A page publishes nothing: the files stay with their owner.' },
  {
    line: 'adapter name appears in parameter names',
    why: "Parameters have names only in files, without the adapter's name.",
  },
  { line: 'round trip with another global seed', why: 'There is no global random generator.' },
  { line: 'round trip with `config=` passed in', why: "The adapter's own file has the configuration." },
  {
    line: 'round trip with `low_cpu_mem_usage`',
    why: 'Weights are uploaded to the GPU one by one, so there is no memory to save.',
  },
  {
    line: 'the context restores irregular states',
    why: 'Adapters are disabled for the whole model, never for one layer.',
  },
  { line: 'set_requires_grad', why: '`is_trainable` and the active adapter decide whether an adapter trains.' },
  { line: 'FSDP-wrapped round trip', why: 'A session has one device; round trips with trained biases are tested.' },
  {
    line: 'encoder-decoder and feature-extraction suites',
    why: 'There are no encoder-decoders, and models of `AutoModel` learn nothing; the suite of sequence classification has a test for each name.',
  },
  {
    line: 'gradient checkpointing, reentrant',
    why: 'torch has two implementations; webvera has one, and it is tested.',
  },
  { line: 'input embeds', why: '`forward` accepts only token ids.' },
  {
    line: 'bnb 4/8-bit create/save/load/second adapter/train; quantisation backends',
    why: "These are bitsandbytes' own formats; VeRA trains over `dtype: 'q8'` and `'q4'`, tested in `test/api/files/packed.gpu.test.ts`.",
  },
  { line: 'layer-indexing count; Deberta', why: 'PEFT skips them for VeRA.' },
  {
    line: 'regression artifacts `vera`, `vera_no_projection`, `vera_tuning_mlp`',
    why: "They aren't published; the golden cases hold files and numbers of the same release.",
  },
];
