import { openChannel } from '../../../core/locks/open_channel';

/** The name of the channel that all tabs share. A message is the id of a profile that was changed or deleted; '' means all profiles. */
const CHANNEL = 'webvera:profiles';

/**
 * Notifies other tabs that a profile was changed or deleted. A tab that is notified reads the profile from the store. A tab without a
 * channel notices a change at its next write.
 */
export class ProfileChannel {
  readonly #channel: BroadcastChannel | undefined;
  #closed = false;

  constructor(onChange: (id: string) => void) {
    this.#channel = openChannel(CHANNEL, (id) => {
      if (typeof id === 'string') onChange(id);
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
  const channel = openChannel(CHANNEL);
  channel?.postMessage(id);
  channel?.close();
}
