import { expect, test } from 'vitest';
import { quickOf } from '../helpers/ring';
import { browserNames, reportOf, withBrowser } from './helpers/harness';

const names = quickOf(browserNames, (name) => name === 'chromium');

test.each(names)('%s trains the bundled model in a worker', async (name) => {
  const report = await withBrowser(name, (page, url) => reportOf(page, `${url}/pages/policies/isolated.html`));
  expect(report).toEqual({ isolated: false, global_step: 1 });
});

test.each(names)('%s computes with WebGPU in a module worker', async (name) => {
  const report = await withBrowser(name, (page, url) => reportOf(page, `${url}/pages/engine/webgpu.html`));
  expect(report).toEqual({ doubled: [2, 5, -6], locks: true, indexedDB: true });
});

test('an error that escapes a page fails the test', async () => {
  const script = { type: 'text/javascript', body: 'throw new Error("escaped");' };
  const page = { type: 'text/html', body: '<script src="/escape.js"></script>' };
  const run = withBrowser('chromium', (open, url) => reportOf(open, `${url}/escape.html`), {
    mounts: { '/escape.html': page, '/escape.js': script },
  });
  await expect(run).rejects.toThrow('escaped');
});

test.each(names)('%s gives a page the report function again that it lost', async (name) => {
  const page = {
    type: 'text/html',
    body: '<script src="/lose.js"></script><script type="module" src="/late.js"></script>',
  };
  const lose = { type: 'text/javascript', body: 'delete window.report;' };
  const late = { type: 'text/javascript', body: "import { report } from '/scripts/page/library.js'; report('late');" };
  const reported = await withBrowser(name, (open, url) => reportOf(open, `${url}/lost.html`), {
    mounts: { '/lost.html': page, '/lose.js': lose, '/late.js': late },
  });
  expect(reported).toBe('late');
});
