import { openClassesPage } from '../classes/open';
import { pictures } from './kind';
import { picturesCard } from './pictures_card';
import { tryCard } from './try_card';

await openClassesPage(pictures, (app) => {
  picturesCard(app);
  tryCard(app);
});
