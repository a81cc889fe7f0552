import { expect, test } from 'vitest';
import { finetuneIn } from '../helpers/finetune_command';

const { train, result } = finetuneIn();

test('npm run finetune with tuned kernels names them, and can be repeated with them', async () => {
  expect(await train('tuned', '--kernels', 'tuned')).toMatchObject({ code: 0, stderr: '' });
  const tuned = JSON.parse((await result('tuned', 'run.json')).toString());
  expect(tuned.kernels).toMatchObject({
    version: expect.stringMatching(/^[0-9a-f]{32}$/),
    adapter: { architecture: 'swiftshader' },
  });
  expect(Object.keys(tuned.kernels.variants).length).toBeGreaterThan(0);

  expect(await train('repeated', '--kernels', 'tuned/run.json')).toMatchObject({ code: 0, stderr: '' });
  const repeated = JSON.parse((await result('repeated', 'run.json')).toString());
  for (const key of ['kernels', 'losses', 'adapter']) expect(repeated[key], key).toEqual(tuned[key]);
});
