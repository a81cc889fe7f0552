import { expect, test } from 'vitest';
import { ADAPTER_KINDS } from '../../src/adapters/adapter_kinds';
import { filesIn, textOf } from '../house/lib/files';

test('a sealed worker has loaded all code that loads later', () => {
  const declared = filesIn('src')
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...textOf(file).matchAll(/export const (\w+) = late\(/g)].map(([, name]) => ({ file, name })));
  expect(declared.length).toBeGreaterThan(12);
  const listed = textOf('src/worker/late_code.ts');
  const [ofKinds, others] = [true, false].map((isOfAKind) =>
    declared.filter(({ file }) => file.startsWith('src/adapters/') === isOfAKind),
  );
  for (const { name } of others ?? []) expect(listed).toMatch(new RegExp(`\\[[^\\]]*\\b${name}\\b`));
  expect(ADAPTER_KINDS.flatMap(({ lateCode = [] }) => lateCode)).toHaveLength(ofKinds?.length ?? 0);
});
