import { expect, test } from 'vitest';
import { ADAPTER_KINDS } from '../../src/adapters/adapter_kinds';
import { filesIn, textOf } from '../house/lib/files';

test('a sealed worker has loaded all code that loads later', () => {
  const declared = filesIn('src')
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...textOf(file).matchAll(/export const (\w+) = late\(/g)].map(([, name]) => ({ file, name })));
  expect(declared.length).toBeGreaterThan(12);
  const listed = textOf('src/worker/late_code.ts');
  const isOfAKind = ({ file }: { readonly file: string }): boolean => file.startsWith('src/adapters/');
  const isOfATask = ({ file }: { readonly file: string }): boolean => /^src\/tasks\/(?!reading\/)/.test(file);
  for (const { file, name } of declared.filter(isOfATask)) {
    const room = file.slice(0, file.lastIndexOf('/'));
    expect(textOf(`${room}/${room.split('/').at(-1)}.ts`)).toContain(`lateCode: [${name}]`);
  }
  for (const { name } of declared.filter((one) => !isOfAKind(one) && !isOfATask(one)))
    expect(listed).toMatch(new RegExp(`\\[[^\\]]*\\b${name}\\b`));
  expect(ADAPTER_KINDS.flatMap(({ lateCode = [] }) => lateCode)).toHaveLength(declared.filter(isOfAKind).length);
});
