import { openClassesPage } from '../classes/open';
import { pictures } from './kind';
import { padCard } from './pad_card';
import { picturesCard } from './pictures_card';

await openClassesPage(pictures, (app) => {
  padCard(app);
  picturesCard(app);
});
