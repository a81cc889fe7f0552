// The demo's service worker, built as sw.js in the demo's folder.
import { Shell, type ShellFiles } from './shell';

/** The build replaces this name with the list of its files. */
declare const WEBVERA_SHELL: ShellFiles;

interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface RequestEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/** The part of a service worker's scope that this one uses. TypeScript's DOM types lack it. */
interface ServiceWorkerScope {
  readonly registration: { readonly scope: string };
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void;
}

const worker = globalThis as unknown as ServiceWorkerScope;
const shell = new Shell(WEBVERA_SHELL, {
  scope: worker.registration.scope,
  caches,
  fetch: (input, init) => fetch(input, init),
});

// A new build isn't activated until all pages of the old build are closed, because these may still load the old build's scripts.
worker.addEventListener('install', (event) => event.waitUntil(shell.store()));
worker.addEventListener('activate', (event) => event.waitUntil(shell.deleteOthers()));
worker.addEventListener('fetch', (event) => {
  const answer = shell.answer(event.request);
  if (answer !== undefined) event.respondWith(answer);
});
