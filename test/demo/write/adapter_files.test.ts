import { expect, test, vi } from 'vitest';

vi.stubGlobal('document', { baseURI: 'https://demo.example/' });
const { adapterFromFiles } = await import('../../../demo/src/library/model_files');

/** The names of the two files that are taken as the adapter. */
function chosen(...names: readonly string[]): readonly string[] {
  return Object.values(adapterFromFiles(names.map((name) => new File([], name)))).map(({ name }: File) => name);
}

test.each([
  [['adapter_model.safetensors', 'adapter_config.json']],
  [['adapter_config (1).json', 'adapter_model (1).safetensors']],
  [['voice.json', 'voice.safetensors']],
  [['README.md', 'adapter_config.json', 'adapter_model.safetensors']],
  [
    [
      'adapter_config.json',
      'adapter_model.safetensors',
      'optimizer.pt',
      'optimizer.safetensors',
      'tokenizer.json',
      'trainer_state.json',
    ],
  ],
])('an adapter is found among %j', (names) => {
  expect(chosen(...names)).toEqual([
    names.find((name) => /^(?:adapter_config|voice).*json$/.test(name)),
    names.find((name) => /^(?:adapter_model|voice).*safetensors$/.test(name)),
  ]);
});

test.each([
  [['adapter_config.json']],
  [['adapter_model.safetensors', 'README.md']],
  [['a.json', 'b.json', 'adapter_model.safetensors']],
  [['adapter_config.json', 'adapter_model.safetensors', 'adapter_config (1).json', 'adapter_model (1).safetensors']],
])('%j are refused', (names) => {
  expect(() => chosen(...names)).toThrow(
    'Choose the two files of one adapter: adapter_config.json and adapter_model.safetensors.',
  );
});
