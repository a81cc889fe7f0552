// Makes the demo work offline once it has shown a result. All pages load this script.
import { trustedScript } from '../library/trusted_script';
import { RESULT } from '../page/result_event';

/** Registers the service worker. It downloads all pages, which is more than the first result needs, so the result comes first. */
function register(): void {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  // Some private windows have no service workers.
  if (navigator.serviceWorker === undefined || connection?.saveData === true) return;
  navigator.serviceWorker.register(trustedScript('webvera-offline', './sw.js')).catch((error: unknown) => {
    console.info(`The page will not open offline: ${error}`);
  });
}

// The development server has no service worker, because it would hide changes.
if (import.meta.env.MODE !== 'development') addEventListener(RESULT, register, { once: true });
