import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, judge } from './judge';
import type { FuzzTarget } from './target';

/** The maximum number of findings in one run. More findings would probably repeat these. */
const MOST = 20;

/**
 * Makes the function that Jazzer.js calls with each input. The function writes an input that causes a finding to a file, and
 * fuzzing continues, so that a known finding doesn't hide others. libFuzzer itself saves inputs that end the process, for
 * example because they use up the memory.
 */
export function fuzzer(target: FuzzTarget, folder: string): (data: Uint8Array) => void | Promise<void> {
  const known = new Set<string>();
  for (const method of ['log', 'info', 'warn'] as const) console[method] = () => {};

  const note = (data: Uint8Array, finding: Finding | undefined): void => {
    if (finding === undefined || known.size >= MOST || known.has(keyOf(finding))) return;
    known.add(keyOf(finding));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${target.name}-${finding.kind}-${Date.now().toString(36)}`), data);
    console.error(`FINDING ${finding.kind}: ${finding.message}`);
  };
  return (data) => {
    const input = new Uint8Array(data);
    const finding = judge(target, input);
    return finding instanceof Promise ? finding.then((found) => note(input, found)) : note(input, finding);
  };
}

/** Returns a key that is probably the same for findings with the same cause: the kind, and the place where the error was thrown. */
function keyOf({ kind, message }: Finding): string {
  const frames = message.split('\n').filter((line) => line.includes('    at '));
  return `${kind} ${(frames.length > 0 ? frames.slice(0, 2).join() : message).replaceAll(/\d+ (ms|MiB)/g, '')}`;
}
