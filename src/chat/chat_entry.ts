import { serveChats } from './serve_chats';

serveChats();
