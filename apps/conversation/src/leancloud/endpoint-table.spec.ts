import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endpointTable, withEndpointTable } from './endpoint-table.js';
import { leanCloudRoutes } from './routes.js';

describe('the table of endpoints', () => {
  it('is what docs/leancloud/rest.md says; `npm run docs:leancloud` prints it', () => {
    const page = readFileSync(join(__dirname, '../../../../docs/leancloud/rest.md'), 'utf8');
    expect(page).toBe(withEndpointTable(page));
  });

  it('has every route, and a page needs a place for it', () => {
    for (const { summary } of leanCloudRoutes) expect(endpointTable()).toContain(`| ${summary} |`);
    expect(() => withEndpointTable('no place')).toThrow();
  });
});
