/**
 * Milliseconds of this process's processor time: what a promise of time is held to, as other work on the machine doesn't count.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
