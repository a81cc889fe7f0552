import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, judge } from './judge';
import type { FuzzTarget } from './target';

/** Findings of one run; more would be the same again. */
const MOST = 20;

/**
 * What Jazzer.js calls with one input after the other. A finding is written down, and fuzzing goes on: one that is known hides no
 * other. What ends the process, such as memory that runs out, is written by libFuzzer.
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

/** The same for findings that have the same cause, as far as can be told: by the place that threw. */
function keyOf({ kind, message }: Finding): string {
  const frames = message.split('\n').filter((line) => line.includes('    at '));
  return `${kind} ${(frames.length > 0 ? frames.slice(0, 2).join() : message).replaceAll(/\d+ (ms|MiB)/g, '')}`;
}
