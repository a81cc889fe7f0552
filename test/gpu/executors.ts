import { DeviceHost } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { Graph } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { add } from '../../src/ops/add';
import { type SessionGpu, sessionGpu } from '../helpers/session/session_gpu';

/** Opens an executor on a new device. `failures` lists the codes of the device's errors. */
export async function openExecutor(): Promise<
  SessionGpu & { readonly executor: Executor; readonly failures: string[] }
> {
  const shared = sessionGpu();
  const failures: string[] = [];
  const host = await DeviceHost.open(shared.gpu, { onFailure: (error) => failures.push(error.code) });
  return { ...shared, executor: new Executor(host), failures };
}

/** Makes a graph of `steps` additions with two inputs. */
export function sums(
  length: number,
  steps: number,
): { readonly g: Graph; readonly inputs: Value[]; readonly y: Value } {
  const g = new Graph();
  const [a, b] = [pinned('a', [length]), pinned('b', [length])];
  let y = add(g, a, b);
  for (let step = 1; step < steps; step++) y = add(g, y, a);
  return { g, inputs: [a, b], y };
}

export const floats = (bytes: ArrayBuffer): number[] => [...new Float32Array(bytes)];
