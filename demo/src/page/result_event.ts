/** The name of the event that the window dispatches for each result that a page shows. */
export const RESULT = 'webvera-result';

/** Announces to other scripts of the page that it shows a result. */
export function tellResult(): void {
  dispatchEvent(new Event(RESULT));
}
