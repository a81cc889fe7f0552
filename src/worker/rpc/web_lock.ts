/**
 * Takes a Web Lock if it is free, and holds it until a promise settles. 'refused': the browser has no Web Locks, as old
 * ones, or denies them to this page, as in a sandboxed frame.
 */
export async function takeLock(
  locks: Pick<LockManager, 'request'> | undefined,
  name: string,
  until: Promise<unknown>,
): Promise<'held' | 'taken' | 'refused'> {
  if (locks === undefined) return 'refused';
  return new Promise((resolve) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        resolve(lock === null ? 'taken' : 'held');
        return lock === null ? undefined : until;
      })
      .catch(() => resolve('refused'));
  });
}
