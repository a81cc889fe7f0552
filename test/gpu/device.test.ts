import { afterEach, expect, test, vi } from 'vitest';
import { DeviceHost } from '../../src/gpu/device';

afterEach(() => vi.unstubAllGlobals());

test('a page that came over http is told of https and localhost', async () => {
  vi.stubGlobal('isSecureContext', false);
  vi.stubGlobal('location', new URL('http://app.example:8080/page'));
  await expect(DeviceHost.open(undefined)).rejects.toMatchObject({
    code: 'insecure_context',
    message: "WebGPU was expected, but browsers keep it from http://app.example:8080: it isn't https",
    hint: expect.stringMatching(/https.*http:\/\/localhost/),
  });
});

test.each([true, undefined])('a browser without WebGPU is told so: %s', async (isSecure) => {
  vi.stubGlobal('isSecureContext', isSecure);
  vi.stubGlobal('location', new URL('https://app.example/page'));
  await expect(DeviceHost.open(undefined)).rejects.toMatchObject({
    code: 'unsupported_device',
    message: 'WebGPU was expected, but this browser has no navigator.gpu',
  });
});

test('Node without WebGPU is told of Dawn', async () => {
  await expect(DeviceHost.open(undefined)).rejects.toMatchObject({
    code: 'unsupported_device',
    message: 'WebGPU was expected, but there is no navigator.gpu',
    hint: expect.stringContaining('openDawn()'),
  });
});
