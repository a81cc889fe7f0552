/**
 * Milliseconds of processor time that something takes. What is promised of a quiet machine is measured so: on a busy one the
 * clock on the wall tells what others do.
 */
export function cpuTime(body: () => unknown): number {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
