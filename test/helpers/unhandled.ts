/** Returns the unhandled rejections during `body`, which would otherwise fail the test run. */
export async function unhandledDuring(body: () => Promise<void>): Promise<unknown[]> {
  const others = process.listeners('unhandledRejection');
  const unhandled: unknown[] = [];
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => unhandled.push(reason));
  try {
    await body();
    // Node reports unhandled rejections after each turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return unhandled;
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
  }
}
