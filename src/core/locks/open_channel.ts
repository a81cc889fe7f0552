/**
 * Opens a channel to the origin's other tabs and workers. Returns undefined in old browsers, and in pages that may not open a channel.
 * `onMessage` is called with each message from another tab or worker.
 */
export function openChannel<Message>(
  name: string,
  onMessage?: (message: Message | null) => unknown,
): BroadcastChannel | undefined {
  try {
    const channel = new BroadcastChannel(name);
    if (onMessage) channel.addEventListener('message', ({ data }: MessageEvent<Message | null>) => onMessage(data));
    // In Node an open channel would prevent the process from exiting.
    (channel as { unref?: () => void }).unref?.();
    return channel;
  } catch {
    return undefined;
  }
}
