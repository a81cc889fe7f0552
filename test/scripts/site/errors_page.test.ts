import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documentedCodes, errorsIn, errorsOfSource, errorsPage } from '../../../scripts/site/errors_page.mjs';

test('each code has a meaning', () => {
  const codes = documentedCodes();
  const [, union = ''] =
    /export type ErrorCode =\n([\s\S]*?);\n/.exec(readFileSync('src/core/errors/error.ts', 'utf8')) ?? [];
  const all = [...union.matchAll(/\| '(\w+)'/g)].map(([, code = '']) => code);
  expect(all.length).toBeGreaterThan(20);
  expect([...codes.keys()]).toEqual(all);
  for (const meaning of codes.values()) expect(meaning).toMatch(/^[A-Z].+\.$/);
});

test('messages and hints are those of the source', () => {
  const source = `
    const message = \`\${a} has \${b}\`;
    throw new WebVeraError('timeout', \`No answer in \${s} s\`, { hint: 'Wait.', retryable: true });
    throw new StoreError('storage_full', message);
    throw new WebVeraError(code, 'of another code');
  `;
  expect(errorsIn(source, 'src/a.ts')).toEqual([
    { code: 'timeout', message: 'No answer in … s', hint: 'Wait.', file: 'src/a.ts' },
    { code: 'storage_full', message: '… has …', hint: '', file: 'src/a.ts' },
  ]);
  const page = errorsPage(new Map([['timeout', 'Too late.']]), errorsIn(source, 'src/a.ts'));
  expect(page).toContain('## timeout\n\nToo late.\n\n| Message | Hint |\n| --- | --- |\n| No answer in … s | Wait. |');
});

test('marks of Markdown are text, except in code', () => {
  const error = { code: 'timeout', message: 'a_b|c <i>{{', hint: '`d_e|<i>`', file: 'src/a.ts' };
  const page = errorsPage(new Map([['timeout', 'Too late.']]), [error]);
  expect(page).toContain('| a\\_b\\|c &lt;i>{&#123; | `d_e\\|<i>` |');
});

test('docs/guide/errors.md is made from the source', async () => {
  const page = errorsPage(documentedCodes(), errorsOfSource());
  await expect(page).toMatchFileSnapshot('../../../docs/guide/errors.md');
});
