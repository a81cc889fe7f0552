import { WebVeraError } from '../core/errors/error';
import { checkOptions } from '../page/session/options';
import { anyBoolean, number, type Rule } from '../page/session/rules';
import { restAtEachTurn } from './rest';

export interface DawnOptions {
  /** Dawn's own flags, such as 'backend=vulkan', 'adapter=llvmpipe' or 'enable-dawn-features=allow_unsafe_apis'. */
  readonly flags?: readonly string[];
  /**
   * The milliseconds that this thread sleeps in each turn of its event loop, from 0 to 10. Default: 0.2; 0 disables it. While a result is
   * pending, Dawn polls in every turn; without the sleep, polling takes a whole core from a driver that computes on the CPU.
   */
  readonly rest?: number;
  /** Whether to define WebGPU's classes and flags (`GPUBufferUsage`, …) as globals, as other libraries expect. Default: false. */
  readonly globals?: boolean;
}

/**
 * Returns WebGPU for Node, implemented by Dawn, from the package `webgpu`, which must be installed beside webvera: `Session.open({ worker:
 * false, gpu: await openDawn() })`. Call it once: the result lives as long as the process and does not prevent it from exiting.
 *
 * Rejects with `unsupported_device` if the package isn't installed, doesn't support this platform, or finds no driver, and with
 * `invalid_argument` for unknown options and for flags that Dawn refuses.
 */
export async function openDawn(options: DawnOptions = {}): Promise<GPU> {
  checkOptions('DawnOptions', options, dawnRules);
  const { flags = [], rest, globals: asGlobals = false } = options;
  const { create, globals } = await loadDawn();
  const gpu = await createWith(create, flags);
  if (asGlobals) Object.assign(globalThis, globals);
  if (rest !== 0) restAtEachTurn(rest);
  // Dawn's objects crash once this object is garbage-collected, so a timer that never fires holds a reference to it.
  setInterval(() => gpu, 2 ** 31 - 1).unref();
  return gpu;
}

const anyFlags: Rule = {
  expected: 'an array of strings',
  accepts: (value) => Array.isArray(value) && value.every((flag) => typeof flag === 'string'),
};
const dawnRules = { flags: anyFlags, rest: number(0, 10), globals: anyBoolean };

type Dawn = typeof import('webgpu');

async function loadDawn(): Promise<Dawn> {
  try {
    // Only Node can load this package: the comments make bundlers ignore the import.
    return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ 'webgpu');
  } catch (error) {
    throw new WebVeraError('unsupported_device', `The package webgpu could not be loaded: ${messageOf(error)}`, {
      hint: 'It provides WebGPU in Node. Install it beside webvera: npm install webgpu',
      cause: error,
    });
  }
}

/** Creates WebGPU with these flags. Requests an adapter too, because Dawn checks some flags only then. */
async function createWith(create: Dawn['create'], flags: readonly string[]): Promise<GPU> {
  let gpu: GPU;
  let adapter: GPUAdapter | null;
  try {
    gpu = create([...flags]);
    adapter = await gpu.requestAdapter();
  } catch (error) {
    throw new WebVeraError('invalid_argument', `DawnOptions: flags: Dawn refused them: ${messageOf(error)}`, {
      hint: 'The README of the package webgpu lists the flags.',
      detail: { flags },
      cause: error,
    });
  }
  if (adapter !== null) return gpu;
  throw new WebVeraError('unsupported_device', 'A GPU adapter was expected, but Dawn found none', {
    hint: 'Install or update the graphics driver. On Linux, Mesa has one that needs no GPU: mesa-vulkan-drivers.',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
