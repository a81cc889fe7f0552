import { getHeapStatistics } from 'node:v8';
import { type FuzzTarget, isRefusal } from './target';

/** A violation of a target's limits or rules that an input caused. */
export interface Finding {
  readonly kind: 'thrown' | 'slow' | 'memory' | 'polluted';
  readonly message: string;
}

/** Milliseconds that every input may take in addition, because garbage collection or compilation may start at any moment. */
const SPARE_MS = 50;
const MOST_MS = 1000;
/** The size of an input, in bytes, up to which the time limit is constant. Larger inputs get more time in proportion. */
const USUAL_BYTES = 65_536;
/** The maximum growth of memory while a reader runs, in bytes, garbage included. */
const MOST_BYTES = 256 * 2 ** 20;

/** Prototypes that a key in a file, such as __proto__, could change. */
const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Map.prototype];
const ownNames = PROTOTYPES.map((prototype) => Object.getOwnPropertyNames(prototype).join());

/**
 * Runs a target on an input, and reports a violation: an error that the target doesn't allow, too much time (on a busy
 * machine, too much CPU time), too much memory, or a changed prototype.
 */
export function judge(target: FuzzTarget, bytes: Uint8Array): Finding | undefined | Promise<Finding | undefined> {
  const before = measure();
  const after = (error?: unknown): Finding | undefined => verdict(target, bytes.length, before, error);
  try {
    // The input is copied to its own buffer, because a reader must not rely on bytes around its input.
    const running = target.run(new Uint8Array(bytes));
    return running === undefined
      ? after()
      : running.then(
          () => after(),
          (error: unknown) => after(error ?? 'nothing'),
        );
  } catch (error) {
    return after(error ?? 'nothing');
  }
}

interface Measures {
  readonly wall: number;
  readonly cpu: number;
  readonly bytes: number;
}

function measure(): Measures {
  const { user, system } = process.cpuUsage();
  const { used_heap_size, external_memory } = getHeapStatistics();
  return { wall: performance.now(), cpu: (user + system) / 1000, bytes: used_heap_size + external_memory };
}

function verdict(target: FuzzTarget, size: number, before: Measures, error: unknown): Finding | undefined {
  const now = measure();
  const changed = PROTOTYPES.findIndex((prototype, i) => Object.getOwnPropertyNames(prototype).join() !== ownNames[i]);
  if (changed >= 0) return { kind: 'polluted', message: `prototype ${changed} has other names than before` };
  if (error !== undefined && !isRefusal(error, target.codes)) {
    return { kind: 'thrown', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  const took = Math.min(now.wall - before.wall, now.cpu - before.cpu);
  const most = SPARE_MS + (target.most_ms ?? MOST_MS) * Math.max(1, size / USUAL_BYTES);
  if (took > most) return { kind: 'slow', message: `took ${Math.round(took)} ms of ${Math.round(most)}` };
  const held = now.bytes - before.bytes;
  if (held <= MOST_BYTES) return undefined;
  return { kind: 'memory', message: `holds ${(held / 2 ** 20).toFixed(0)} MiB of ${MOST_BYTES / 2 ** 20}` };
}
