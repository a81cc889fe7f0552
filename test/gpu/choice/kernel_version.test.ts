import { expect, test } from 'vitest';
import { kernelVersion } from '../../../src/gpu/choice/kernel_version';
import { kernelOf } from '../../helpers/gpu/tile_kernels';

test('is the same for the same shaders, and another one as soon as a character changes', async () => {
  const version = (name: string, variants: readonly string[], text: string) =>
    kernelVersion([kernelOf(name, variants, text)]);
  const known = await version('k', ['register', 'wide'], 'fn main() {}');
  expect(known).toMatch(/^[0-9a-f]{32}$/);
  expect(await version('k', ['register', 'wide'], 'fn main() {}')).toBe(known);
  const others = await Promise.all([
    version('l', ['register', 'wide'], 'fn main() {}'),
    version('k', ['register'], 'fn main() {}'),
    version('k', ['register', 'workgroup'], 'fn main() {}'),
    version('k', ['register', 'wide'], 'fn main() { }'),
    kernelVersion([]),
  ]);
  expect(new Set([known, ...others]).size).toBe(6);
});

test('an override counts too', async () => {
  const kernel = kernelOf('k', ['register']);
  const [variant] = kernel.variants;
  const changed = { ...kernel, variants: [{ ...variant!, overrides: { TILE: 8 } }] };
  expect(await kernelVersion([changed])).not.toBe(await kernelVersion([kernel]));
});
