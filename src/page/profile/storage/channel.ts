/** The name of the channel that all tabs share. A message is the id of a profile that was changed or deleted; '' means all profiles. */
const CHANNEL = 'webvera:profiles';

/** Notifies other tabs that a profile was changed or deleted. A tab that is notified reads the profile from the store. */
export class ProfileChannel {
  readonly #channel: BroadcastChannel | undefined;
  #closed = false;

  constructor(onChange: (id: string) => void) {
    this.#channel = openChannel();
    this.#channel?.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') onChange(data);
    });
  }

  notify(id: string): void {
    if (!this.#closed) this.#channel?.postMessage(id);
  }

  close(): void {
    this.#closed = true;
    this.#channel?.close();
  }
}

/** Notifies all tabs once, this one included, through a temporary channel. */
export function notifyTabs(id: string): void {
  const channel = openChannel();
  channel?.postMessage(id);
  channel?.close();
}

/**
 * Opens the channel. Returns undefined in old browsers, and in pages that may not open a channel. Such tabs notice a change at their next
 * write.
 */
function openChannel(): BroadcastChannel | undefined {
  try {
    const channel = new BroadcastChannel(CHANNEL);
    // In Node an open channel would prevent the process from exiting.
    (channel as { unref?: () => void }).unref?.();
    return channel;
  } catch {
    return undefined;
  }
}
