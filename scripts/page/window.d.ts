interface Window {
  /** Sends a message of plain JSON to the script that opened this page. */
  report(message: unknown): Promise<void>;
}
