import type { Chat, ChatOutcome, ChatTemplate } from '../core/types/chat';
import { VERSION } from '../core/version';
import { ChatWriter } from './chat_writer';

/** What the page posts. */
export interface ChatTask {
  readonly template: ChatTemplate;
  readonly chat: Chat;
}

/** What is posted back: at first that it is ready, then one answer for each task, in their order. */
export type ChatNews = { readonly version: string } | { readonly outcome: ChatOutcome };

/** A worker's global scope, as far as it is needed. */
export interface ChatScope {
  postMessage(news: ChatNews): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Answers a page's tasks. Nothing but what these hold comes into it. */
export function serveChats(scope: ChatScope = globalThis as unknown as ChatScope): void {
  const writer = new ChatWriter();
  scope.addEventListener('message', ({ data }) => {
    const { template, chat } = data as ChatTask;
    scope.postMessage({ outcome: writer.render(template, chat) });
  });
  scope.postMessage({ version: VERSION });
}
