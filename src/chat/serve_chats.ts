import type { Chat, ChatOutcome, ChatTemplate } from '../core/types/chat';
import { VERSION } from '../core/version';
import { ChatWriter } from './chat_writer';

/** A message from the page: a conversation to render. */
export interface ChatTask {
  readonly template: ChatTemplate;
  readonly chat: Chat;
}

/** A message to the page. The first one contains webvera's version, once the worker is ready. Each task then gets one outcome. */
export type ChatNews = { readonly version: string } | { readonly outcome: ChatOutcome };

/** The members of a worker's global scope that `serveChats` uses. */
export interface ChatScope {
  postMessage(news: ChatNews): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Renders the conversations that the page sends. The worker has no other input. */
export function serveChats(scope: ChatScope = globalThis as unknown as ChatScope): void {
  const writer = new ChatWriter();
  scope.addEventListener('message', ({ data }) => {
    const { template, chat } = data as ChatTask;
    scope.postMessage({ outcome: writer.render(template, chat) });
  });
  scope.postMessage({ version: VERSION });
}
