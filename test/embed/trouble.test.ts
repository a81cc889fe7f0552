import { expect, test, vi } from 'vitest';
import { asWebVeraError, deviceTrouble, isForgotten, isUnsupported } from '../../src/embed/trouble';
import { WebVeraError } from '../../src/index';
import { forgotten } from '../../src/page/profile/storage/profile_storage';
import { surroundings } from '../../src/parts/find_adapter';

const gpuOf = (requestAdapter: () => Promise<unknown>): GPU => ({ requestAdapter }) as unknown as GPU;
const address = 'http://page.example';

test('a test environment such as jsdom, without secure contexts, has no WebGPU', async () => {
  vi.stubGlobal('navigator', {});
  try {
    const page = surroundings();
    expect(page).toEqual({ isSecureContext: true, gpu: undefined });
    const trouble = await deviceTrouble({ ...page, address, hasLostGpu: false });
    expect(trouble).toMatchObject({ code: 'unsupported_device', message: expect.stringContaining('navigator.gpu') });
  } finally {
    vi.unstubAllGlobals();
  }
});

test('a page with a GPU has no trouble', async () => {
  const gpu = gpuOf(async () => ({}));
  expect(await deviceTrouble({ isSecureContext: true, gpu, address, hasLostGpu: true })).toBeUndefined();
});

test.each([
  [
    'an insecure page',
    { isSecureContext: false, gpu: undefined },
    'insecure_context',
    /https.* got http:\/\/page\.example/,
  ],
  ['a browser without WebGPU', { isSecureContext: true, gpu: undefined }, 'unsupported_device', /navigator\.gpu/],
  ['no adapter', { isSecureContext: true, gpu: gpuOf(async () => null) }, 'unsupported_device', /returned none/],
  [
    'an adapter that fails',
    { isSecureContext: true, gpu: gpuOf(() => Promise.reject(new Error('broken'))) },
    'unsupported_device',
    /returned none/,
  ],
])('%s is reported with a hint', async (_, surroundings, code, message) => {
  const trouble = await deviceTrouble({ ...surroundings, address, hasLostGpu: false });
  expect(trouble).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(/\.$/) });
  expect(isUnsupported(trouble)).toBe(true);
});

test('a GPU that was lost and is missing now is blocked: a retry may succeed', async () => {
  const gpu = gpuOf(async () => null);
  const trouble = await deviceTrouble({ isSecureContext: true, gpu, address, hasLostGpu: true });
  expect(trouble).toMatchObject({ code: 'gpu_blocked', retryable: true, hint: expect.stringMatching(/^Try again/) });
  expect(isUnsupported(trouble)).toBe(false);
});

test('anything thrown becomes a WebVeraError', () => {
  const own = new WebVeraError('offline', 'no connection');
  expect(asWebVeraError(own)).toBe(own);
  expect(asWebVeraError(new TypeError('oh'))).toMatchObject({ code: 'internal', message: 'TypeError: oh' });
  expect(asWebVeraError('oh')).toMatchObject({ code: 'internal', message: 'oh' });
  expect(isUnsupported(own)).toBe(false);
  expect(isUnsupported(undefined)).toBe(false);
});

test('a forgotten profile is recognized by its own error, and by errors that it causes', () => {
  const gone = forgotten('ann');
  const late = new WebVeraError('invalid_argument', 'it is closed', { cause: gone });
  expect([gone, late, new WebVeraError('invalid_argument', 'else')].map(isForgotten)).toEqual([true, true, false]);
  // A run that can't recover from a lost GPU has the error of its recovery as its cause.
  expect(isForgotten(new WebVeraError('device_lost', 'the adapters are lost, too', { cause: gone }))).toBe(false);
});
