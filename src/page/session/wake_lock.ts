interface Screen {
  /** Whether it is wished that it stays on. */
  wish(isOn: boolean): void;
  /** Lets it go off for good. */
  close(): void;
}

/**
 * Keeps the screen on while it is wished for and the page is visible: as the page is hidden, browsers let it go. `onRefused`
 * is told once, with the reason, where the browser can't or won't. Does nothing without a page.
 */
export function keepScreenOn(onRefused: (reason: string) => void): Screen {
  const { document } = globalThis as { readonly document?: Document };
  const watch = new AbortController();
  let isWished = false;
  let isTold = false;
  /** Of the last request: later ones come after it. */
  let last: Promise<WakeLockSentinel | undefined> = Promise.resolve(undefined);

  const update = (): void => {
    last = last.then(async (held) => {
      const isWanted = isWished && !watch.signal.aborted && document?.visibilityState === 'visible';
      const isHeld = held?.released === false;
      try {
        if (isWanted === isHeld) return held;
        if (isWanted) return await requestLock();
        await held?.release();
      } catch (error) {
        // A page that was just hidden gets none, and asks again as it is shown.
        if (!isTold && isWanted && document?.visibilityState === 'visible') {
          isTold = true;
          onRefused(error instanceof Error ? error.message : String(error));
        }
      }
      return undefined;
    });
  };
  document?.addEventListener('visibilitychange', update, { signal: watch.signal });
  return {
    wish(isOn) {
      isWished = isOn;
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
