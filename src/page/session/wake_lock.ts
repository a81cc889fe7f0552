interface Screen {
  /** Requests or releases the wake lock. */
  request(isOn: boolean): void;
  /** Releases the wake lock, and ignores later requests. */
  close(): void;
}

/**
 * Holds a screen wake lock while it is requested and the page is visible; browsers release it when the page is hidden.
 * `onRefused` is called once, with the reason, if the browser can't or won't grant it. Does nothing without a page.
 */
export function keepScreenOn(onRefused: (reason: string) => void): Screen {
  const { document } = globalThis as { readonly document?: Document };
  const watch = new AbortController();
  let isRequested = false;
  let isReported = false;
  /** The last request; each request waits for the one before. */
  let last: Promise<WakeLockSentinel | undefined> = Promise.resolve(undefined);

  const update = (): void => {
    last = last.then(async (held) => {
      const isWanted = isRequested && !watch.signal.aborted && document?.visibilityState === 'visible';
      const isHeld = held?.released === false;
      try {
        if (isWanted === isHeld) return held;
        if (isWanted) return await requestLock();
        await held?.release();
      } catch (error) {
        // A page that was just hidden is refused the lock. That needs no report, because the lock is requested again when the page is
        // shown.
        if (!isReported && isWanted && document?.visibilityState === 'visible') {
          isReported = true;
          onRefused(error instanceof Error ? error.message : String(error));
        }
      }
      return undefined;
    });
  };
  document?.addEventListener('visibilitychange', update, { signal: watch.signal });
  return {
    request(isOn) {
      isRequested = isOn;
      update();
    },
    close() {
      watch.abort();
      update();
    },
  };
}

async function requestLock(): Promise<WakeLockSentinel> {
  const { wakeLock } = navigator as { readonly wakeLock?: WakeLock };
  if (wakeLock === undefined) throw new Error('this browser has no screen wake lock');
  return wakeLock.request('screen');
}
