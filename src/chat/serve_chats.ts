import type { Chat, ChatOutcome, ChatTemplate } from '../core/types/chat';
import { VERSION } from '../core/version';
import { ChatWriter } from './chat_writer';

/** The message that the page posts. */
export interface ChatTask {
  readonly template: ChatTemplate;
  readonly chat: Chat;
}

/** The messages to the page: first the version, when the worker is ready, then one outcome per task, in order. */
export type ChatNews = { readonly version: string } | { readonly outcome: ChatOutcome };

/** The part of a worker's global scope that is used. */
export interface ChatScope {
  postMessage(news: ChatNews): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Answers a page's tasks. The worker has no other input. */
export function serveChats(scope: ChatScope = globalThis as unknown as ChatScope): void {
  const writer = new ChatWriter();
  scope.addEventListener('message', ({ data }) => {
    const { template, chat } = data as ChatTask;
    scope.postMessage({ outcome: writer.render(template, chat) });
  });
  scope.postMessage({ version: VERSION });
}
