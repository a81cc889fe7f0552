import { expect, test } from 'vitest';
import type { DeviceReport } from '../../src/index';
import { browserNames, reportOf, withBrowser } from './helpers/harness';

test.each(browserNames)('%s: probe reports the device from a worker', async (name) => {
  const { usual, without } = await withBrowser(name, (page, url) =>
    reportOf<Record<'usual' | 'without', DeviceReport>>(page, `${url}/pages/engine/probe.html`),
  );
  // The tests' browsers have only a software GPU, and in Firefox its limit for binding sizes is small.
  expect(usual.level).toBe('degraded');
  const codes = usual.issues.map(({ code }) => code);
  expect(codes.filter((code) => code !== 'small_limits')).toEqual(['software_adapter']);
  expect(codes.includes('small_limits')).toBe(usual.gpu?.limits.maxStorageBufferBindingSize === 2 ** 27);
  expect(Object.keys(usual.gpu?.limits ?? {}).length).toBeGreaterThan(20);
  expect(usual.gpu?.features).toContain('core-features-and-limits');
  expect(usual.storage).toEqual({ kind: 'opfs', persisted: false, usage: expect.any(Number) });
  expect(without).toMatchObject({ level: 'unsupported', gpu: null, storage: { kind: 'opfs' } });
  expect(without.issues).toEqual([
    { code: 'unsupported_device', message: expect.stringContaining('navigator.gpu'), fix: expect.stringMatching(/\w/) },
  ]);
});
