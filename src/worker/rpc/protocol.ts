/** Call ids are positive numbers that the page hands out, never used twice in a session. */
export type CallId = number;

/** Handles are positive numbers that the worker hands out. */
export type Handle = number;

/** What a page may do about a call that is under way. */
export interface CallControl {
  /** The call then rejects with an `AbortError` soon, having undone what it had begun. Unknown ids are ignored. */
  cancel(call: CallId): Promise<void>;
  /** Answers a `prepared` event: what the call changes is to be done, and the page won't cancel it any more. */
  commit(call: CallId): Promise<void>;
  /** Answers a `need_token` event. It is kept nowhere. */
  giveToken(call: CallId, token: string): Promise<void>;
}
