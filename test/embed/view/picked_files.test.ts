import { expect, test } from 'vitest';
import { byName } from '../../../src/embed/view/picked_files';

const files = (...names: readonly string[]): File[] => names.map((name) => new File([], name));

test('files of a second download are found by their first names', () => {
  const chosen = files('adapter_config (1).json', 'adapter_model(2).safetensors', 'profile.json', 'notes (a).txt');
  expect([...byName(chosen)]).toEqual([
    ['adapter_config.json', chosen[0]],
    ['adapter_model.safetensors', chosen[1]],
    ['profile.json', chosen[2]],
    ['notes (a).txt', chosen[3]],
  ]);
});

test('files of two downloads together are refused', () => {
  expect(() => byName(files('profile.json', 'profile (1).json'))).toThrow(
    expect.objectContaining({ code: 'invalid_argument', hint: expect.stringMatching(/latest export/) }),
  );
});
