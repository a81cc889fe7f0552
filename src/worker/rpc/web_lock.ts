/**
 * Takes a Web Lock if nobody has it, until a promise settles. 'refused': there are none here, as in old engines, or for this
 * page, as in a sandboxed frame.
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
