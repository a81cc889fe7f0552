import { openClassesPage } from '../classes/open';
import { messages } from './kind';
import { messagesCard } from './messages_card';
import { tryCard } from './try_card';

await openClassesPage(messages, (app) => {
  tryCard(app);
  messagesCard(app);
});
