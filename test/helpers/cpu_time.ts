/**
 * Milliseconds of this process's CPU time. Time limits are compared with it, because other work on the machine doesn't
 * add to it.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
