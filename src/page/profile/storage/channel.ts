/** The one channel of all tabs. A message is the id of a profile that is to be looked at again; '' stands for all. */
const CHANNEL = 'webvera:profiles';

/** Tells other tabs that a profile has changed or is gone. What they hear they check in the store. */
export class ProfileChannel {
  readonly #channel: BroadcastChannel | undefined;
  #closed = false;

  constructor(onChange: (id: string) => void) {
    this.#channel = openChannel();
    this.#channel?.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') onChange(data);
    });
  }

  tell(id: string): void {
    if (!this.#closed) this.#channel?.postMessage(id);
  }

  close(): void {
    this.#closed = true;
    this.#channel?.close();
  }
}

/** Tells all other tabs once. */
export function tellTabs(id: string): void {
  const channel = openChannel();
  channel?.postMessage(id);
  channel?.close();
}

/** Old engines have none, and some pages may not open one: their tabs notice when they next write. */
function openChannel(): BroadcastChannel | undefined {
  try {
    const channel = new BroadcastChannel(CHANNEL);
    // It must not keep Node alive.
    (channel as { unref?: () => void }).unref?.();
    return channel;
  } catch {
    return undefined;
  }
}
