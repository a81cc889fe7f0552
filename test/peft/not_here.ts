/** A line of PEFT's tests of VeRA that has no test here. */
export interface NotHere {
  readonly line: string;
  readonly why: string;
}

/** What PEFT's tests of VeRA ask of things that don't exist here. Everything else that they ask is tested beside this. */
export const NOT_HERE: readonly NotHere[] = [
  {
    line: 'fp32/fp16/bf16 base: output dtype = input dtype',
    why: 'activations, adapters and logits are float32 whatever the dtype of the weights',
  },
  {
    line: 'fp16/bf16 forward with and without autocast; adapter dtype fp32 under autocast, base dtype without',
    why: 'there is no autocast: adapters are float32 always',
  },
  {
    line: "adding an adapter does not move another adapter's device",
    why: 'a session has one device',
  },
  { line: 'Embedding model with Conv1D', why: 'no model is that; the rows of GPT-2 run over its Conv1D' },
  { line: 'push_to_hub', why: 'a page publishes nothing: the files stay with their owner' },
  {
    line: 'adapter name appears in parameter names',
    why: "parameters have names in files only, without the adapter's",
  },
  { line: 'save/load: pickle variant', why: 'reading a pickle runs code; adapters are read from safetensors only' },
  { line: 'round trip with another global seed', why: 'nothing is drawn from a global generator' },
  { line: 'round trip with `config=` passed in', why: "a configuration is read from the adapter's own file" },
  { line: 'round trip with `low_cpu_mem_usage`', why: 'weights go to the GPU one by one, so there is nothing to save' },
  {
    line: 'the context restores irregular states',
    why: 'adapters are disabled for the whole model, never for one layer',
  },
  {
    line: 'set_requires_grad',
    why: 'whether an adapter trains follows from `is_trainable` and from which one is active',
  },
  { line: 'FSDP-wrapped round trip', why: 'a session has one device; round trips with trained biases are tested' },
  {
    line: 'encoder-decoder and feature-extraction suites',
    why: 'there are no such models; that of sequence classification is gone through name by name',
  },
  {
    line: 'gradient checkpointing, reentrant',
    why: "torch's two ways of doing it; here there is one, and it is tested",
  },
  { line: 'input embeds', why: '`forward` takes token ids' },
  {
    line: 'bnb 4/8-bit create/save/load/second adapter/train; quantisation backends',
    why: "bitsandbytes' own formats; here VeRA trains over `dtype: 'q8'` and `'q4'`, tested in `test/api/files/packed.gpu.test.ts`",
  },
  { line: 'layer-indexing count; Deberta', why: 'PEFT skips them for VeRA' },
  {
    line: 'regression artifacts `vera`, `vera_no_projection`, `vera_tuning_mlp`',
    why: "they aren't published; the golden cases hold files and numbers of the same release",
  },
];
