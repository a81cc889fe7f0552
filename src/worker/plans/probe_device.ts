import { WebVeraError } from '../../core/errors/error';
import type { DeviceIssue, DeviceReport } from '../../core/types/device_report';
import { isSoftware } from '../../gpu/choice/choice';
import { adapterInfo } from '../../gpu/device_host';
import { DeviceLimits } from '../../gpu/device_limits';

/** If the GPU can bind fewer bytes than this, the weights of larger models are split into many shards. */
const SMALL = 256 * 2 ** 20;

/** Reports the GPU and the storage of this device. `findAdapter` throws if there is no GPU. */
export async function probeDevice(
  findAdapter: () => Promise<GPUAdapter>,
  store: 'auto' | 'memory',
): Promise<DeviceReport> {
  const issues: DeviceIssue[] = [];
  const gpu = await probeGpu(findAdapter, issues);
  const storage = await probeStorage(store, issues);
  return { level: gpu === null ? 'unsupported' : issues.length > 0 ? 'degraded' : 'ready', issues, gpu, storage };
}

async function probeGpu(findAdapter: () => Promise<GPUAdapter>, issues: DeviceIssue[]): Promise<DeviceReport['gpu']> {
  let adapter: GPUAdapter;
  try {
    adapter = await findAdapter();
  } catch (error) {
    if (!(error instanceof WebVeraError)) throw error;
    issues.push({ code: error.code, message: error.message, fix: error.hint });
    return null;
  }
  const gpu = adapterInfo(adapter);
  const { vendor, architecture, description } = gpu;
  if (isSoftware(gpu)) {
    issues.push({
      code: 'software_adapter',
      message: `Expected a GPU, got one in software: ${[vendor, architecture, description].join(' ').trim() || 'unnamed'}`,
      fix: 'Training works, slowly. Switch on hardware acceleration, or update the graphics driver.',
    });
  }
  const { bindingBytes } = new DeviceLimits(adapter.limits);
  if (bindingBytes < SMALL) {
    issues.push({
      code: 'small_limits',
      message: `Expected buffers of ${SMALL} bytes or more, this GPU binds ${bindingBytes}`,
      fix: 'Use small models and batches: estimate() says which fit.',
    });
  }
  return { ...gpu, features: [...adapter.features], limits: limitsOf(adapter.limits) };
}

/** Returns the limits by name. They are getters on a prototype, so only `for…in` lists them. */
function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const found: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') found[name] = value;
  }
  return found;
}

async function probeStorage(store: 'auto' | 'memory', issues: DeviceIssue[]): Promise<DeviceReport['storage']> {
  const { navigator } = globalThis as { readonly navigator?: { readonly storage?: StorageManager } };
  const manager = navigator?.storage;
  const persisted = await attempt(() => manager?.persisted?.());
  const usage = (await attempt(() => manager?.estimate?.()))?.usage ?? 0;
  const kind = store === 'memory' ? 'memory' : await kindOf(manager);
  if (kind !== 'opfs' && store !== 'memory') {
    issues.push(kind === 'memory' ? NOTHING_KEPT : NO_FILES);
  }
  return { kind, persisted: persisted ?? false, usage };
}

async function kindOf(manager: StorageManager | undefined): Promise<DeviceReport['storage']['kind']> {
  if ((await attempt(() => manager?.getDirectory?.())) !== undefined) return 'opfs';
  // A private window may have `indexedDB` and still refuse every database. Only opening a database shows this.
  const opened = await attempt(
    () =>
      new Promise<true>((resolve, reject) => {
        const request = indexedDB.open(NAME);
        request.onerror = request.onblocked = reject;
        request.onsuccess = () => {
          request.result.close();
          indexedDB.deleteDatabase(NAME);
          resolve(true);
        };
      }),
  );
  return opened === true ? 'indexeddb' : 'memory';
}

const NAME = 'webvera:probe';

const NOTHING_KEPT: DeviceIssue = {
  code: 'storage_unavailable',
  message: 'Expected OPFS or IndexedDB, but this thread has neither: what is learnt is kept in memory only',
  fix: 'Leave the private window, or allow this site to store data. In Node, save files by save_pretrained().',
};

const NO_FILES: DeviceIssue = {
  code: 'no_opfs',
  message: 'Expected OPFS, but this browser keeps no files for the page: models may come anew at each visit',
  fix: 'Update the browser, or leave the private window.',
};

async function attempt<T>(body: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await body();
  } catch {
    return undefined;
  }
}
