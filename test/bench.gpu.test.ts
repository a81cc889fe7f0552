import { expect, test } from 'vitest';
import { measureGemm } from '../src/bench';
import { sessionGpu } from './helpers/session_gpu';

const quick = { sampleSeconds: 0.002, samples: 3 };

test('measures every family of tiles at every shape, and says which was best', async () => {
  const shared = sessionGpu();
  const shapes = [
    { rows: 64, columns: 96, inner: 32 },
    { rows: 2, columns: 64, inner: 30 },
  ];
  const { best, rates, device } = await measureGemm(shared.gpu, { ...quick, shapes });
  const found = rates.map(({ variant, shape }) => `${variant} ${shape.rows}×${shape.columns}×${shape.inner}`);
  for (const variant of ['register', 'workgroup']) {
    expect(found).toContain(`${variant} 64×96×32`);
    expect(found).toContain(`${variant} 2×64×30`);
  }
  expect(found).toContain('row 2×64×30');
  expect(found).not.toContain('row 64×96×32');
  expect(new Set(found).size).toBe(found.length);

  for (const { flopsPerSecond } of rates) expect(flopsPerSecond).toBeGreaterThan(1e5);
  const finalists = rates.filter(({ samples }) => samples === 3);
  expect(finalists).toHaveLength(3);
  expect(rates.filter(({ samples }) => samples === 1)).toHaveLength(rates.length - 3);
  expect(best.flopsPerSecond).toBe(Math.max(...finalists.map(({ flopsPerSecond }) => flopsPerSecond)));
  expect(device.description).toMatch(/\w/);
  expect(shared.liveBytes()).toBe(0);
});

test('refuses to measure nothing', async () => {
  const shared = sessionGpu();
  await expect(measureGemm(shared.gpu, { ...quick, shapes: [] })).rejects.toMatchObject({ code: 'invalid_argument' });
  expect(shared.liveBytes()).toBe(0);
  await expect(measureGemm(undefined)).rejects.toMatchObject({ code: 'unsupported_device' });
});
