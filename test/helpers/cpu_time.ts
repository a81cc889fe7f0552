/** The CPU time of `fixedWork` on the machine for which the tests' limits were chosen, in milliseconds. */
const USUAL = 19;
let slowness: number | undefined;

/**
 * Returns this process's CPU time in milliseconds. Other work on the machine doesn't add to it. On a machine that is slower than
 * the one for which the tests' limits were chosen, the time is scaled down, so that the same limits apply.
 */
export function cpuTime(): number {
  slowness ??= Math.max(1, Math.min(...[0, 1, 2].map(fixedWork)) / USUAL);
  return ownTime() / slowness;
}

function ownTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Measures the CPU time of twenty million steps of a linear congruential generator, in milliseconds. */
function fixedWork(seed: number): number {
  const start = ownTime();
  let state = seed;
  for (let step = 0; step < 20_000_000; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  // The result is used, so that no compiler removes the loop.
  return state === 0.5 ? 0 : ownTime() - start;
}
